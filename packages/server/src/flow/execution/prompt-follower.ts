import {
  type ComfyHttp,
  createPromptState,
  nextPromptState,
  nextTickDelayMs,
  type PromptEnd,
  type PromptSignal,
  type PromptState,
  type SocketMessage,
} from '@comfleet/comfyui';
import { toError } from '../../platform/errors/app-error.ts';
import { reach } from '../../platform/lifecycle/failpoints.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import type { Clock } from '../../platform/time/clock.ts';

/** Who noticed the end first: a socket message, our own polling, a person asking, or adoption after a restart. */
export type FinishedBy = 'socket' | 'watchdog' | 'check' | 'adoption';

export interface FollowedEnd {
  end: PromptEnd;
  finishedBy: FinishedBy;
  /** Monotonic. */
  atMs: number;
}

interface Options {
  promptId: string;
  expectedOutputNodeIds: readonly string[];
  http: ComfyHttp;
  clock: Clock;
  logger: Logger;
  /** How often to poll now; grows when a worker carries very many prompts. */
  pollMs: () => number;
  adopted: boolean;
}

type Ask = 'history' | 'queue';

/**
 * Follows one prompt to its exact end: socket messages, polled history and the queue feed the pure detector of
 * @comfleet/comfyui, which also says what to ask next. At most one request is in flight.
 */
export class PromptFollower {
  readonly promptId: string;
  /** Resolves once; never rejects. */
  readonly ended: Promise<FollowedEnd>;
  readonly #options: Options;
  #state: PromptState;
  #asking = false;
  #next: { ask: Ask; by: FinishedBy } | null = null;
  #cancelTick: () => void = () => {};
  #stopped = false;
  #resolve: (end: FollowedEnd) => void = () => {};

  constructor(options: Options) {
    this.promptId = options.promptId;
    this.#options = options;
    this.#state = createPromptState({
      promptId: options.promptId,
      expectedOutputNodeIds: options.expectedOutputNodeIds,
      atMs: options.clock.monotonicMs(),
    });
    this.ended = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  get phase(): PromptState['phase'] {
    return this.#state.phase;
  }

  /** The POST was answered, or the prompt was found on the worker: from now on silence means something. */
  begin(): void {
    this.#apply({ kind: 'submitted', atMs: this.#now() }, 'socket');
    if (this.#options.adopted) this.#ask('queue', 'adoption');
    this.#scheduleTick();
  }

  onMessage(message: SocketMessage): void {
    this.#apply({ kind: 'socket', message, atMs: this.#now() }, 'socket');
  }

  /** The worker's socket came back: what was said meanwhile is asked for. */
  onReconnected(): void {
    this.#apply({ kind: 'reconnected', atMs: this.#now() }, 'watchdog');
  }

  /** Looks now; resolves when the answer was taken in. */
  async check(): Promise<void> {
    await this.#request('queue', 'check');
    await this.#request('history', 'check');
  }

  /** Stops following without an end: the attempt goes on elsewhere or later. */
  stop(): void {
    this.#stopped = true;
    this.#cancelTick();
  }

  #now(): number {
    return this.#options.clock.monotonicMs();
  }

  #apply(signal: PromptSignal, by: FinishedBy): void {
    if (this.#state.phase === 'ended') return;
    const { state, ask } = nextPromptState(this.#state, signal);
    const readsBefore = countReads(this.#state);
    this.#state = state;
    if (state.phase === 'ended') {
      this.#cancelTick();
      this.#resolve({
        end: state.end,
        finishedBy: this.#options.adopted ? 'adoption' : by,
        atMs: this.#now(),
      });
      return;
    }
    if (ask) this.#ask(ask, by);
    // Each read of an announced end that gave nothing sets the wait until the next one.
    if (state.phase === 'ending' && countReads(state) !== readsBefore) this.#scheduleTick();
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
      if (next && this.#state.phase !== 'ended') this.#ask(next.ask, next.by);
    });
  }

  async #request(ask: Ask, by: FinishedBy): Promise<void> {
    const { http, logger } = this.#options;
    try {
      if (ask === 'history') {
        if (this.#state.phase === 'ending') reach('before_history');
        const entry = await http.loadHistory(this.promptId, { timeoutMs: 15_000 });
        if (entry === null) logger.debug('history.empty', { promptId: this.promptId });
        this.#apply({ kind: 'history', entry, atMs: this.#now() }, by);
      } else {
        const { running, pending } = await http.loadQueue({ timeoutMs: 15_000 });
        const has = (items: readonly { promptId: string }[]) =>
          items.some((item) => item.promptId === this.promptId);
        const place = has(running) ? 'running' : has(pending) ? 'pending' : 'absent';
        this.#apply({ kind: 'queue', place, atMs: this.#now() }, by);
      }
    } catch (thrown) {
      // The next tick asks again; a worker that stays silent is the health check's finding, not this one's.
      // An announced end is not asked for without limit: a failed read counts like an empty one.
      if (ask === 'history' && this.#state.phase === 'ending')
        this.#apply({ kind: 'history', entry: null, atMs: this.#now() }, by);
      logger.debug('prompt.check_failed', { promptId: this.promptId, ask, error: toError(thrown).message });
    }
  }

  #scheduleTick(): void {
    this.#cancelTick();
    if (this.#stopped || this.#state.phase === 'ended') return;
    const delayMs = nextTickDelayMs(this.#state, this.#options.pollMs());
    const by: FinishedBy = this.#state.phase === 'ending' ? 'socket' : 'watchdog';
    this.#cancelTick = this.#options.clock.setTimer(delayMs, () => {
      this.#apply({ kind: 'tick', atMs: this.#now() }, by);
      this.#scheduleTick();
    });
  }
}

function countReads(state: PromptState): number | null {
  return state.phase === 'ending' ? state.historyReads : null;
}
