import type { ComfyHttp, ComfySocket, SocketMessage } from '@comfleet/comfyui';
import type { Clock } from '../../../platform/time/clock.ts';
import type { HealthResult } from './health-result.ts';
import {
  findLookTime,
  isStuck,
  NO_PROGRESS,
  nextProgress,
  type ProgressEvent,
  type ProgressState,
} from './progress-state.ts';

export interface ProbeDeps {
  clock: Clock;
  http: ComfyHttp;
  /** A queue that stands still this long is looked at. */
  limitMs: number;
}

/** Times of events are added here. */
type Untimed<T> = T extends unknown ? Omit<T, 'atMs'> : never;

const PROBE_TIMEOUT_MS = 5_000;

/** Watches whether a server runs what is in its queue (protocol 6.6); asks /queue only when it has been silent for long. */
export class ProgressProbe {
  readonly #deps: ProbeDeps;
  #state: ProgressState = NO_PROGRESS;

  constructor(deps: ProbeDeps) {
    this.#deps = deps;
  }

  /** The queue of the server is not empty, as far as its socket told. */
  get isBusy(): boolean {
    return this.#state.queueRemaining > 0;
  }

  /** Time until /queue should be asked; null while there is no reason. */
  get lookInMs(): number | null {
    const atMs = findLookTime(this.#state, this.#deps.limitMs);
    return atMs === null ? null : Math.max(0, atMs - this.#deps.clock.monotonicMs());
  }

  follow(socket: ComfySocket): void {
    socket.onMessage((message) => this.#hear(message));
    socket.onState(({ phase }) => {
      if (phase === 'open') this.#apply({ type: 'connected' });
    });
  }

  /** Looks when there is reason to; the finding when nothing runs, else null. A failing look says nothing. */
  async look(signal: AbortSignal): Promise<HealthResult | null> {
    if (this.lookInMs !== 0) return null;
    const { http, clock } = this.#deps;
    const found = await http.loadQueue({ signal, timeoutMs: PROBE_TIMEOUT_MS }).catch(() => null);
    // No answer: the next check of health tells what it means.
    if (found === null) return null;
    const { running, pending } = found;
    this.#apply({ type: 'looked', running: running.length, pending: pending.length });
    if (!isStuck(this.#state)) return null;
    const silentMs = clock.monotonicMs() - this.#state.movedAtMs;
    return { kind: 'stuck', pending: this.#state.pending, silentMs };
  }

  /** True between the first look that found nothing running and the one that decides. */
  get isUndecided(): boolean {
    return this.#state.idleLooks === 1;
  }

  #hear(message: SocketMessage): void {
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
