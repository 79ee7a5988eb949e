import type { ComfyHttp } from '@comfleet/comfyui';
import { toError } from '../../platform/errors/app-error.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import type { Clock } from '../../platform/time/clock.ts';
import type { ExecutionCounters } from './execution-counters.ts';
import { stopPrompt } from './prompt-on-worker.ts';

/** How long a prompt that was given up may still turn up; validation on a busy worker can take minutes. */
export const ABANDONED_LIFE_MS = 600_000;

/**
 * Prompts of one worker that their tasks gave up: a POST that broke and was not found, a worker that stayed away. Such a
 * prompt can land late (C-5) or come back with its worker (A3); then it is stopped, so that nothing runs twice for long.
 */
export class AbandonedPrompts {
  readonly #http: ComfyHttp;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #counters: ExecutionCounters;
  /** Prompt id → when it is forgotten, monotonic ms. */
  readonly #untilMs = new Map<string, number>();
  #looking: 'idle' | 'busy' | 'again' = 'idle';

  constructor(deps: { http: ComfyHttp; clock: Clock; logger: Logger; counters: ExecutionCounters }) {
    this.#http = deps.http;
    this.#clock = deps.clock;
    this.#logger = deps.logger;
    this.#counters = deps.counters;
  }

  add(promptId: string): void {
    this.#untilMs.set(promptId, this.#clock.monotonicMs() + ABANDONED_LIFE_MS);
  }

  /** Something moved on the worker: looks for the prompts and stops those that are there. */
  look(): void {
    if (this.#untilMs.size === 0) return;
    if (this.#looking !== 'idle') {
      this.#looking = 'again';
      return;
    }
    this.#looking = 'busy';
    void this.#stopFound().finally(() => {
      const again = this.#looking === 'again';
      this.#looking = 'idle';
      if (again) this.look();
    });
  }

  async #stopFound(): Promise<void> {
    try {
      const { running, pending } = await this.#http.loadQueue({ timeoutMs: 5000 });
      for (const { promptId } of [...running, ...pending]) {
        if (!this.#untilMs.has(promptId)) continue;
        await stopPrompt(this.#http, promptId);
        this.#untilMs.delete(promptId);
        this.#counters.lateStopped += 1;
        this.#logger.warn('prompt.late_stopped', { promptId });
      }
    } catch (thrown) {
      // The next message of the worker looks again.
      this.#logger.debug('prompt.look_failed', { error: toError(thrown).message });
    }
    const now = this.#clock.monotonicMs();
    for (const [promptId, untilMs] of this.#untilMs) if (untilMs < now) this.#untilMs.delete(promptId);
  }
}
