import { nextTickDelayMs } from '../completion/detector-times.ts';
import type { PromptEnd } from '../completion/prompt-outcome.ts';
import {
  createPromptState,
  nextPromptState,
  type PromptSignal,
  type PromptState,
} from '../completion/prompt-state.ts';
import { ComfyError } from '../http/comfy-error.ts';
import type { ComfyHttp } from '../http/comfy-http.ts';
import { type QueueItem, readQueueItem } from '../http/queue-item.ts';
import type { SocketMessage } from '../socket/socket-message.ts';
import type { Clock } from '../time/clock.ts';

/** What noticed the end first: a socket message, our own polling, a manual check, or the recovery after a restart. */
export type FinishedBy = 'socket' | 'watchdog' | 'check' | 'adoption';

export interface FollowedEnd {
  end: PromptEnd;
  finishedBy: FinishedBy;
  /** Monotonic. */
  atMs: number;
}

type Ask = 'history' | 'queue';

/** Steps that a follower reports. */
export type FollowerReport =
  /** About to query the server. */
  | { kind: 'asking'; ask: Ask; phase: PromptState['phase'] }
  | { kind: 'ask_failed'; ask: Ask; cause: unknown }
  | { kind: 'history_empty' }
  | { kind: 'end_announced'; reason: string }
  | { kind: 'ended'; wasAnnounced: boolean };

/** Options of a follower. */
export interface FollowerOptions {
  http: ComfyHttp;
  clock: Clock;
  promptId: string;
  /** Current polling interval, ms; read before each wait, so that it can depend on the load. */
  pollMs: () => number;
  /** Sent by an earlier process: looked up at once, and its end always counts as `adoption`. */
  resumed?: boolean;
  report?: (report: FollowerReport) => void;
}

/**
 * Follows one prompt to its exact end. Socket messages, history and queue feed the pure detector (see `PromptState` for its
 * phases), which also decides what to query next. Queries run one at a time; a failed one is repeated with the next poll.
 *
 * - created: messages are applied, nothing is polled.
 * - polling: entered by `begin`. Every poll, reconnect and message may cause a query.
 * - ended: entered when the detector knows the end; resolves `ended`. Ignores everything.
 * - stopped: entered by `stop`; `ended` stays pending. Ignores everything.
 */
export class PromptFollower {
  readonly promptId: string;
  /** Resolves once; never rejects. */
  readonly ended: Promise<FollowedEnd>;
  readonly #options: FollowerOptions;
  #state: PromptState;
  #executes: readonly string[] | null = null;
  #asking = false;
  #next: { ask: Ask; by: FinishedBy } | null = null;
  #cancelTick: () => void = () => undefined;
  #stopped = false;
  #finish: (end: FollowedEnd) => void = () => undefined;

  constructor(options: FollowerOptions) {
    this.promptId = options.promptId;
    this.#options = options;
    this.#state = createPromptState({
      promptId: options.promptId,
      atMs: options.clock.monotonicMs(),
    });
    this.ended = new Promise((resolve) => {
      this.#finish = resolve;
    });
  }

  /** Current phase of the prompt. */
  get phase(): PromptState['phase'] {
    return this.#state.phase;
  }

  /** Output nodes that the server executes, by its queue or history; null until either was read. */
  get executes(): readonly string[] | null {
    return this.#executes;
  }

  /**
   * Starts polling: from now on silence has a meaning. `accepted`: the POST was answered, or the prompt was found on the server.
   * `unclear`: it may be there; the phase is `unclear` until the server shows it.
   */
  begin(acceptance: 'accepted' | 'unclear' = 'accepted'): void {
    const kind = acceptance === 'accepted' ? 'submitted' : 'unclear';
    this.#apply({ kind, atMs: this.#now() }, 'socket');
    if (this.#options.resumed) this.#ask('queue', 'adoption');
    this.#scheduleTick();
  }

  /** Applies a message of the socket; the detector ignores foreign ones. */
  onMessage(message: SocketMessage): void {
    this.#apply({ kind: 'socket', message, atMs: this.#now() }, 'socket');
  }

  /** The socket reconnected: queries what was missed. */
  onReconnected(): void {
    this.#apply({ kind: 'reconnected', atMs: this.#now() }, 'watchdog');
  }

  /** Queries now, independent of polling. Returns true when the prompt has ended. A silent server is reported. */
  async check(): Promise<boolean> {
    for (const ask of ['queue', 'history'] as const) {
      if (!this.#isEnded) await this.#request(ask, 'check');
    }
    return this.#isEnded;
  }

  /** Reads `executes` from the queue, without any effect on the phase. A silent server is reported. */
  async askExecutes(): Promise<void> {
    try {
      this.#findIn(await this.#options.http.loadQueue());
    } catch (cause) {
      this.#options.report?.({ kind: 'ask_failed', ask: 'queue', cause });
    }
  }

  /** Stops following; `ended` then stays pending. */
  stop(): void {
    this.#stopped = true;
    this.#cancelTick();
  }

  get #isEnded(): boolean {
    return this.#state.phase === 'ended';
  }

  #now(): number {
    return this.#options.clock.monotonicMs();
  }

  #apply(signal: PromptSignal, by: FinishedBy): void {
    const before = this.#state;
    if (before.phase === 'ended' || this.#stopped) return;
    const { state, ask } = nextPromptState(before, signal);
    this.#state = state;
    if (state.phase === 'ended') {
      this.#end(state.end, { by, wasAnnounced: before.phase === 'ending' });
      return;
    }
    if (state.phase === 'ending' && before.phase !== 'ending') {
      this.#options.report?.({ kind: 'end_announced', reason: state.reason });
    }
    if (ask) this.#ask(ask, by);
    // After an announced end, each read without a result determines the delay of the next one.
    if (state.phase === 'ending' && state.historyReads !== countReads(before)) this.#scheduleTick();
  }

  #end(end: PromptEnd, { by, wasAnnounced }: { by: FinishedBy; wasAnnounced: boolean }): void {
    this.stop();
    this.#options.report?.({ kind: 'ended', wasAnnounced });
    const finishedBy = this.#options.resumed ? 'adoption' : by;
    this.#finish({ end, finishedBy, atMs: this.#now() });
  }

  #ask(ask: Ask, by: FinishedBy): void {
    if (this.#stopped) return;
    if (this.#asking) {
      this.#next = { ask, by };
      return;
    }
    this.#asking = true;
    void this.#request(ask, by).finally(() => {
      this.#asking = false;
      const next = this.#next;
      this.#next = null;
      if (next) this.#ask(next.ask, next.by);
    });
  }

  async #request(ask: Ask, by: FinishedBy): Promise<void> {
    const { report } = this.#options;
    report?.({ kind: 'asking', ask, phase: this.phase });
    try {
      this.#apply(await this.#load(ask), by);
    } catch (cause) {
      // The next tick repeats it.
      report?.({ kind: 'ask_failed', ask, cause });
      if (ask !== 'history') return;
      const reason = cause instanceof Error ? cause.message : String(cause);
      const isTooLarge = cause instanceof ComfyError && cause.code === 'TOO_LARGE';
      this.#apply({ kind: 'history_failed', reason, isTooLarge, atMs: this.#now() }, by);
    }
  }

  async #load(ask: Ask): Promise<PromptSignal> {
    const { http, report } = this.#options;
    if (ask === 'history') {
      const entry = await http.loadHistory(this.promptId);
      if (entry === null) report?.({ kind: 'history_empty' });
      else this.#hear(readQueueItem(entry.prompt));
      return { kind: 'history', entry, atMs: this.#now() };
    }
    return { kind: 'queue', place: this.#findIn(await http.loadQueue()), atMs: this.#now() };
  }

  #findIn({
    running,
    pending,
  }: Awaited<ReturnType<ComfyHttp['loadQueue']>>): 'running' | 'pending' | 'absent' {
    const find = (items: readonly QueueItem[]) => items.find((item) => item.promptId === this.promptId);
    const [runs, waits] = [find(running), find(pending)];
    this.#hear(runs ?? waits ?? null);
    return runs ? 'running' : waits ? 'pending' : 'absent';
  }

  #hear(item: QueueItem | null): void {
    this.#executes = item?.outputNodeIds ?? this.#executes;
  }

  #scheduleTick(): void {
    this.#cancelTick();
    if (this.#stopped) return;
    const delayMs = nextTickDelayMs(this.#state, this.#options.pollMs());
    const by: FinishedBy = this.phase === 'ending' ? 'socket' : 'watchdog';
    this.#cancelTick = this.#options.clock.setTimer(delayMs, () => {
      this.#apply({ kind: 'tick', atMs: this.#now() }, by);
      this.#scheduleTick();
    });
  }
}

function countReads(state: PromptState): number | null {
  return state.phase === 'ending' ? state.historyReads : null;
}
