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

/** Who noticed the end first: a socket message, our own polling, a check by hand, or adoption after a restart. */
export type FinishedBy = 'socket' | 'watchdog' | 'check' | 'adoption';

export interface FollowedEnd {
  end: PromptEnd;
  finishedBy: FinishedBy;
  /** Monotonic. */
  atMs: number;
}

type Ask = 'history' | 'queue';

/** What a follower reports on its way. */
export type FollowerReport =
  /** About to ask the server. */
  | { kind: 'asking'; ask: Ask; phase: PromptState['phase'] }
  | { kind: 'ask_failed'; ask: Ask; cause: unknown }
  | { kind: 'history_empty' }
  | { kind: 'end_announced'; reason: string }
  | { kind: 'ended'; wasAnnounced: boolean };

/** What a follower works with. */
export interface FollowerOptions {
  http: ComfyHttp;
  clock: Clock;
  promptId: string;
  /** How often to poll now, ms; asked before each wait, so it may follow the load. */
  pollMs: () => number;
  /** Sent by an earlier process: looked for at once, and whoever notices its end, it counts as `adoption`. */
  resumed?: boolean;
  report?: (report: FollowerReport) => void;
}

/**
 * Follows one prompt to its exact end: socket messages, polled history and the queue feed the pure detector, which also says
 * what to ask next. Requests that its signals cause go one at a time; one that fails is made again with the next poll.
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

  /** Where the prompt is. */
  get phase(): PromptState['phase'] {
    return this.#state.phase;
  }

  /** The output nodes that the server says it executes; null until its queue or its history has shown that. */
  get executes(): readonly string[] | null {
    return this.#executes;
  }

  /**
   * Begins to poll: from now on silence means something. `accepted`: the POST was answered, or the prompt was found on the
   * server. `unclear`: it may be there; the phase is `unclear` until the server shows it.
   */
  begin(acceptance: 'accepted' | 'unclear' = 'accepted'): void {
    const kind = acceptance === 'accepted' ? 'submitted' : 'unclear';
    this.#apply({ kind, atMs: this.#now() }, 'socket');
    if (this.#options.resumed) this.#ask('queue', 'adoption');
    this.#scheduleTick();
  }

  /** Any text frame of the socket; foreign ones are ignored by the detector. */
  onMessage(message: SocketMessage): void {
    this.#apply({ kind: 'socket', message, atMs: this.#now() }, 'socket');
  }

  /** The socket came back: what was said meanwhile is asked for. */
  onReconnected(): void {
    this.#apply({ kind: 'reconnected', atMs: this.#now() }, 'watchdog');
  }

  /** Looks now, whatever the next poll would be; true when the prompt has ended. A server that stays silent is reported. */
  async check(): Promise<boolean> {
    for (const ask of ['queue', 'history'] as const) {
      if (!this.#isEnded) await this.#request(ask, 'check');
    }
    return this.#isEnded;
  }

  /** Asks the queue for `executes`; says nothing about where the prompt is. A server that stays silent is reported. */
  async askExecutes(): Promise<void> {
    try {
      this.#findIn(await this.#options.http.loadQueue());
    } catch (cause) {
      this.#options.report?.({ kind: 'ask_failed', ask: 'queue', cause });
    }
  }

  /** Stops following; `ended` then stays open. */
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
    // Each read of an announced end that gave nothing sets the wait until the next one.
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
      // The next tick asks again.
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
