import type { ComfyHttp, ComfySocket, SocketMessage } from '@comfleet/comfyui';
import type { Clock } from '../../../platform/time/clock.ts';
import type { HealthResult } from './health-result.ts';
import {
  findProbeTime,
  isStuck,
  NO_PROGRESS,
  nextProgress,
  type ProgressEvent,
  type ProgressState,
} from './progress-state.ts';

export interface ProbeDeps {
  clock: Clock;
  http: ComfyHttp;
  /** How long a queue may stand still before it is probed. */
  limitMs: number;
}

/** Times of events are added here. */
type Untimed<T> = T extends unknown ? Omit<T, 'atMs'> : never;

const PROBE_TIMEOUT_MS = 5_000;

/** Watches whether a server works off its queue (protocol 6.6); requests /queue only after a long silence. */
export class ProgressProbe {
  readonly #deps: ProbeDeps;
  #state: ProgressState = NO_PROGRESS;

  constructor(deps: ProbeDeps) {
    this.#deps = deps;
  }

  /** True while the server's queue is not empty, by its last status message. */
  get isBusy(): boolean {
    return this.#state.queueRemaining > 0;
  }

  /** Ms until /queue should be probed; null while there is no reason to. */
  get dueInMs(): number | null {
    const atMs = findProbeTime(this.#state, this.#deps.limitMs);
    return atMs === null ? null : Math.max(0, atMs - this.#deps.clock.monotonicMs());
  }

  follow(socket: ComfySocket): void {
    socket.onMessage((message) => this.#observe(message));
    socket.onState(({ phase }) => {
      if (phase === 'open') this.#apply({ type: 'connected' });
    });
  }

  /** Probes /queue when it is due. Returns `stuck` when nothing runs there, else null; a failed probe proves nothing. */
  async probe(signal: AbortSignal): Promise<HealthResult | null> {
    if (this.dueInMs !== 0) return null;
    const { http, clock } = this.#deps;
    const found = await http.loadQueue({ signal, timeoutMs: PROBE_TIMEOUT_MS }).catch(() => null);
    // No answer: the next health check finds out what that means.
    if (found === null) return null;
    const { running, pending } = found;
    this.#apply({ type: 'probed', running: running.length, pending: pending.length });
    if (!isStuck(this.#state)) return null;
    const silentMs = clock.monotonicMs() - this.#state.movedAtMs;
    return { kind: 'stuck', pending: this.#state.pending, silentMs };
  }

  /** True between the first probe that found nothing running and the one that decides. */
  get isUndecided(): boolean {
    return this.#state.idleProbes === 1;
  }

  #observe(message: SocketMessage): void {
    if (message.type === 'status') {
      this.#apply({ type: 'status', queueRemaining: message.data.queue_remaining });
    } else if (message.type !== 'feature_flags' && message.type !== 'other') {
      this.#apply({ type: 'ran' });
    }
  }

  #apply(event: Untimed<ProgressEvent>): void {
    this.#state = nextProgress(this.#state, { ...event, atMs: this.#deps.clock.monotonicMs() });
  }
}
