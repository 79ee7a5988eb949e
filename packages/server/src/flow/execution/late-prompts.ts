import { type ComfyHttp, stopPrompt } from '@comfleet/comfyui';
import type { Logger } from '../../platform/logging/logger.ts';
import type { Clock } from '../../platform/time/clock.ts';
import type { ExecutionCounters } from './execution-counters.ts';
import { STOP_CALL_TIMEOUT_MS } from './wait-until-gone.ts';

/** How long a prompt that its task has left may still turn up; validation on a busy worker can take minutes. */
export const LATE_PROMPT_LIFE_MS = 600_000;

/**
 * Prompts of one worker that their tasks have left: a POST that broke and was not found, a worker that stayed away. Such a
 * prompt can land late (C-5) or come back with its worker (A3); then it is stopped, so that nothing runs twice for long.
 */
export class LatePrompts {
  readonly #http: ComfyHttp;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #counters: ExecutionCounters;
  /** Prompt id → when it is forgotten, monotonic ms. */
  readonly #untilMs = new Map<string, number>();
  #checking: 'idle' | 'busy' | 'again' = 'idle';

  constructor(deps: { http: ComfyHttp; clock: Clock; logger: Logger; counters: ExecutionCounters }) {
    this.#http = deps.http;
    this.#clock = deps.clock;
    this.#logger = deps.logger;
    this.#counters = deps.counters;
  }

  /** Begins to watch for a prompt. */
  add(promptId: string): void {
    this.#untilMs.set(promptId, this.#clock.monotonicMs() + LATE_PROMPT_LIFE_MS);
  }

  /** Something moved on the worker: looks for the prompts and stops those that are there. */
  recheck(): void {
    if (this.#untilMs.size === 0) return;
    if (this.#checking !== 'idle') {
      this.#checking = 'again';
      return;
    }
    this.#checking = 'busy';
    void this.#stopFound().finally(() => {
      const again = this.#checking === 'again';
      this.#checking = 'idle';
      if (again) this.recheck();
    });
  }

  async #stopFound(): Promise<void> {
    const timeoutMs = STOP_CALL_TIMEOUT_MS;
    try {
      const { running, pending } = await this.#http.loadQueue({ timeoutMs });
      for (const { promptId } of [...running, ...pending]) {
        if (!this.#untilMs.has(promptId)) continue;
        await stopPrompt(this.#http, promptId, { timeoutMs });
        this.#untilMs.delete(promptId);
        this.#counters.lateStopped += 1;
        this.#logger.warn('prompt.late_stopped', { promptId });
      }
    } catch (thrown) {
      // The next message of the worker looks again.
      this.#logger.debug('prompt.lookup_failed', { error: thrown });
    }
    const now = this.#clock.monotonicMs();
    for (const [promptId, untilMs] of this.#untilMs) if (untilMs < now) this.#untilMs.delete(promptId);
  }
}
