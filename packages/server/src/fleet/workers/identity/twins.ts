import { ComfyError, type ComfyHttp } from '@comfleet/comfyui';
import type { WorkerId } from '@comfleet/contract';
import { Gate } from '../../../platform/lifecycle/gate.ts';
import type { Logger } from '../../../platform/logging/logger.ts';
import type { Clock } from '../../../platform/time/clock.ts';
import { goesOnFrom, type LogView, provesOneProcess, readLogView } from './log-evidence.ts';

/** A worker that answers. */
export interface PresentWorker {
  readonly id: WorkerId;
  readonly http: Pick<ComfyHttp, 'loadLogEntries'>;
}

export interface TwinsDeps {
  clock: Clock;
  logger: Logger;
  /** Workers that may be represented by another one, in the order of the fleet. */
  ranking: () => Iterable<WorkerId>;
  /** What is known of these workers has changed. */
  onChange: (ids: readonly WorkerId[]) => void;
}

interface Presence {
  readonly worker: PresentWorker;
  readonly appearance: string;
  isUndecided: boolean;
  /** Comparisons left when a log could not be read: a server that is building its object_info stays silent. */
  triesLeft: number;
  seen: { readonly reading: Promise<LogReading>; readonly atMs: number } | null;
}

/** hidden: its log is closed to us; silent: it did not answer in time, and may later. */
type LogReading = LogView | 'hidden' | 'silent';

const PROBE_TIMEOUT_MS = 3000;
/** How long a reading of the log is good: later its newest line may have left the log's memory. */
const FRESH_MS = 10_000;
const READS_AT_ONCE = 16;
const MAX_TRIES = 10;

/**
 * Which workers are one ComfyUI under several addresses. Workers that look alike (version, command line, devices) have their
 * logs compared when one of them arrives. Workers with the log of one process are twins, and only the first of them is used.
 * Likeness alone never joins two. A proof ends when a worker stops answering: its address may then lead elsewhere.
 *
 * - ABSENT — entered at the start, and by `leave`. Ignores `leave`.
 * - UNDECIDED — entered by `arrive` where others look alike. The worker has no slots until it was compared with all of them.
 *   Ignores `arrive`.
 * - DECIDED — entered by `arrive` where no other looks alike, and when the comparison ends. `arrive` compares again while a log
 *   could not be read, ten times at most; meanwhile the worker keeps its slots.
 *
 * `arrive` with another connection or appearance starts over from ABSENT.
 */
export class Twins {
  readonly #deps: TwinsDeps;
  readonly #present = new Map<WorkerId, Presence>();
  readonly #pairs = new Map<WorkerId, Set<WorkerId>>();
  readonly #gate = new Gate(READS_AT_ONCE);
  readonly #stop = new AbortController();

  constructor(deps: TwinsDeps) {
    this.#deps = deps;
  }

  /** A worker answers; called after each good health check. */
  arrive(worker: PresentWorker, appearance: string): void {
    const before = this.#present.get(worker.id);
    if (before?.worker.http === worker.http && before.appearance === appearance) {
      if (!before.isUndecided && before.triesLeft > 0) void this.#decide(before);
      return;
    }
    this.#forget(worker.id);
    const isUndecided = [...this.#present.values()].some((other) => other.appearance === appearance);
    const presence: Presence = {
      worker,
      appearance,
      isUndecided,
      triesLeft: isUndecided ? MAX_TRIES : 0,
      seen: null,
    };
    this.#present.set(worker.id, presence);
    if (isUndecided) void this.#decide(presence);
  }

  /** It no longer answers, or has left the fleet. */
  leave(id: WorkerId): void {
    if (!this.#present.has(id)) return;
    const twins = this.#listTwins(id);
    this.#forget(id);
    if (twins.length > 0) this.#deps.onChange(twins);
  }

  /** Whether it may represent its other addresses has changed. */
  review(id: WorkerId): void {
    const twins = this.#listTwins(id);
    if (twins.length > 0) this.#deps.onChange([id, ...twins]);
  }

  /** True until a worker that looks like others has been compared with them. */
  isUndecided(id: WorkerId): boolean {
    return this.#present.get(id)?.isUndecided ?? false;
  }

  /** The worker that is used instead of this one; null when that is itself. */
  findFirst(id: WorkerId): WorkerId | null {
    const twins = this.#listTwins(id);
    if (twins.length === 0) return null;
    const group = new Set([id, ...twins]);
    for (const other of this.#deps.ranking()) if (group.has(other)) return other === id ? null : other;
    return null;
  }

  close(): void {
    this.#stop.abort(new Error('the fleet is closed'));
  }

  async #decide(presence: Presence): Promise<void> {
    const { worker, appearance, triesLeft } = presence;
    presence.triesLeft = 0; // while it is compared
    try {
      const alike = [...this.#present.values()].filter(
        (other) => other !== presence && other.appearance === appearance,
      );
      const { found, isComplete } = await this.#findSame(presence, alike);
      if (!isComplete) presence.triesLeft = triesLeft - 1;
      const isPresent = (one: Presence): boolean => this.#present.get(one.worker.id) === one;
      if (!isPresent(presence)) return;
      for (const twin of found.filter(isPresent)) this.#join(worker.id, twin.worker.id);
    } catch (thrown) {
      if (!this.#stop.signal.aborted)
        this.#deps.logger.warn('twins.failed', { workerId: worker.id, error: thrown });
    } finally {
      presence.isUndecided = false;
      if (!this.#stop.signal.aborted) this.#deps.onChange([worker.id, ...this.#listTwins(worker.id)]);
    }
  }

  /** Those of `alike` whose log is that of `presence`. */
  async #findSame(
    presence: Presence,
    alike: readonly Presence[],
  ): Promise<{ found: Presence[]; isComplete: boolean }> {
    const readings = await Promise.all(alike.map((other) => this.#readLog(other)));
    const own = await this.#readLog(presence, 0);
    if (!isView(own)) return { found: [], isComplete: own === 'hidden' };
    const compared = await Promise.all(
      alike.map(async (other, index) => {
        const view = readings[index] ?? 'silent';
        if (!isView(view) || !goesOnFrom(view, own)) return { other, isSame: false, last: view };
        const again = await this.#readLog(other, 0);
        return { other, isSame: isView(again) && provesOneProcess(view, own, again), last: again };
      }),
    );
    return {
      found: compared.filter(({ isSame }) => isSame).map(({ other }) => other),
      isComplete: compared.every(({ last }) => last !== 'silent'),
    };
  }

  #readLog(presence: Presence, freshMs = FRESH_MS): Promise<LogReading> {
    const atMs = this.#deps.clock.monotonicMs();
    if (presence.seen !== null && atMs - presence.seen.atMs < freshMs) return presence.seen.reading;
    const reading = this.#loadLog(presence);
    presence.seen = { reading, atMs };
    return reading;
  }

  async #loadLog(presence: Presence): Promise<LogReading> {
    const { worker } = presence;
    const { signal } = this.#stop;
    const options = { timeoutMs: PROBE_TIMEOUT_MS, signal };
    try {
      return readLogView(await this.#gate.run(() => worker.http.loadLogEntries(options), signal));
    } catch (thrown) {
      presence.seen = null;
      this.#deps.logger.debug('twins.no_log', { workerId: worker.id, error: thrown });
      // Behind a proxy the route may be closed: then nothing is proven, and the workers count as two.
      const hasResponse =
        thrown instanceof ComfyError && ['BAD_STATUS', 'INVALID_BODY'].includes(thrown.code);
      return hasResponse ? 'hidden' : 'silent';
    }
  }

  #join(a: WorkerId, b: WorkerId): void {
    this.#pairs.set(a, new Set(this.#pairs.get(a)).add(b));
    this.#pairs.set(b, new Set(this.#pairs.get(b)).add(a));
    this.#deps.logger.info('twins.found', { workerId: a, sameAs: b });
  }

  #forget(id: WorkerId): void {
    this.#present.delete(id);
    for (const other of this.#pairs.get(id) ?? []) this.#pairs.get(other)?.delete(id);
    this.#pairs.delete(id);
  }

  /** All workers that lead to the same process, transitively. */
  #listTwins(id: WorkerId): WorkerId[] {
    const found = new Set([id]);
    for (const one of found) for (const other of this.#pairs.get(one) ?? []) found.add(other);
    found.delete(id);
    return [...found];
  }
}

function isView(reading: LogReading): reading is LogView {
  return typeof reading === 'object';
}
