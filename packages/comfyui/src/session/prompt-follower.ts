import type { PromptEnd } from '../completion/prompt-outcome.ts';
import {
  createPromptState,
  nextPromptState,
  nextTickDelayMs,
  type PromptSignal,
  type PromptState,
} from '../completion/prompt-state.ts';
import type { ComfyHttp } from '../http/comfy-http.ts';
import type { SocketMessage } from '../socket/socket-message.ts';
import type { Clock } from '../time/clock.ts';

/** What a follower tells on its way (CD26). */
export type FollowerNote =
  | { step: 'end_seen'; reason: string }
  | { step: 'finished_by_check' }
  | { step: 'check_failed'; cause: unknown };

/** What a follower works with. */
export interface FollowerOptions {
  http: ComfyHttp;
  clock: Clock;
  promptId: string;
  expectedOutputNodeIds: readonly string[];
  pollMs: number;
  note(note: FollowerNote): void;
}

/**
 * Follows one prompt to its end: feeds messages to the detector, asks the server what the detector wants to know, one request
 * at a time, and polls when nothing is heard. A failed request is retried with the next poll.
 */
export class PromptFollower {
  /** Resolves once, with the end; never rejects. */
  readonly ended: Promise<PromptEnd>;
  readonly #options: FollowerOptions;
  #state: PromptState;
  #finish: (end: PromptEnd) => void = () => undefined;
  #asking = false;
  #wanted: 'history' | 'queue' | null = null;
  #cancelTick: (() => void) | null = null;
  #stopped = false;

  constructor(options: FollowerOptions) {
    this.#options = options;
    this.#state = createPromptState({
      promptId: options.promptId,
      expectedOutputNodeIds: options.expectedOutputNodeIds,
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

  /** Any text frame of the socket; foreign ones are ignored by the detector. */
  receive(message: SocketMessage): void {
    this.#signal({ kind: 'socket', message, atMs: this.#now() });
  }

  /** The server accepted the prompt. */
  noteSubmitted(): void {
    this.#signal({ kind: 'submitted', atMs: this.#now() });
    this.#scheduleTick();
  }

  /** A socket came back: messages may have been missed. */
  noteReconnected(): void {
    this.#signal({ kind: 'reconnected', atMs: this.#now() });
  }

  /** Looks now, whatever the next poll would be; true when the prompt has ended. Throws when the server does not answer. */
  async check(): Promise<boolean> {
    if (this.#state.phase === 'ended') return true;
    const entry = await this.#options.http.loadHistory(this.#options.promptId);
    this.#signal({ kind: 'history', entry, atMs: this.#now() });
    return this.phase === 'ended';
  }

  /** Stops polling; `ended` then stays open. */
  stop(): void {
    this.#stopped = true;
    this.#cancelTick?.();
  }

  #now(): number {
    return this.#options.clock.monotonicMs();
  }

  #signal(signal: PromptSignal): void {
    const before = this.#state;
    if (before.phase === 'ended' || this.#stopped) return;
    const step = nextPromptState(before, signal);
    this.#state = step.state;
    if (step.state.phase === 'ended') {
      if (before.phase !== 'ending') this.#options.note({ step: 'finished_by_check' });
      this.stop();
      this.#finish(step.state.end);
      return;
    }
    if (step.state.phase === 'ending' && before.phase !== 'ending') {
      this.#options.note({ step: 'end_seen', reason: step.state.reason });
    }
    if (step.ask !== null) this.#ask(step.ask);
  }

  #ask(what: 'history' | 'queue'): void {
    if (this.#asking) {
      this.#wanted = what;
      return;
    }
    this.#asking = true;
    void this.#answer(what).then((signal) => {
      this.#asking = false;
      const wanted = this.#wanted;
      this.#wanted = null;
      if (signal !== null) this.#signal(signal);
      if (wanted !== null && !this.#asking && !this.#stopped) this.#ask(wanted);
      this.#scheduleTick();
    });
  }

  async #answer(what: 'history' | 'queue'): Promise<PromptSignal | null> {
    const { http, promptId } = this.#options;
    try {
      if (what === 'history') {
        return { kind: 'history', entry: await http.loadHistory(promptId), atMs: this.#now() };
      }
      const queue = await http.loadQueue();
      const holds = (items: { promptId: string }[]): boolean =>
        items.some((item) => item.promptId === promptId);
      const place = holds(queue.running) ? 'running' : holds(queue.pending) ? 'pending' : 'absent';
      return { kind: 'queue', place, atMs: this.#now() };
    } catch (cause) {
      this.#options.note({ step: 'check_failed', cause });
      return null;
    }
  }

  #scheduleTick(): void {
    this.#cancelTick?.();
    if (this.#stopped || this.#state.phase === 'pending') return;
    const delayMs = nextTickDelayMs(this.#state, this.#options.pollMs);
    this.#cancelTick = this.#options.clock.setTimer(delayMs, () =>
      this.#signal({ kind: 'tick', atMs: this.#now() }),
    );
  }
}
