import { type ComfyHttp, stopPrompt } from '@comfleet/comfyui';
import { CoalescedWork } from '../../platform/lifecycle/coalesced-work.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import type { Clock } from '../../platform/time/clock.ts';
import type { ExecutionCounters } from './execution-counters.ts';
import { STOP_CALL_TIMEOUT_MS } from './wait-until-gone.ts';

/** How long a late prompt may take to turn up; validation on a busy worker can take minutes. */
export const LATE_PROMPT_LIFE_MS = 600_000;

/**
 * Late prompts of one worker: prompts of attempts that are over, after a broken POST or a lost worker. Such a prompt can still
 * land (C-5) or return with its worker (A3). It is then stopped, so that nothing runs twice for long.
 */
export class LatePrompts {
  readonly #http: ComfyHttp;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #counters: ExecutionCounters;
  /** Prompt id → when to stop watching for it, monotonic ms. */
  readonly #untilMs = new Map<string, number>();
  readonly #check: CoalescedWork;

  constructor(deps: { http: ComfyHttp; clock: Clock; logger: Logger; counters: ExecutionCounters }) {
    this.#http = deps.http;
    this.#clock = deps.clock;
    this.#logger = deps.logger;
    this.#counters = deps.counters;
    this.#check = new CoalescedWork(() => this.#stopFound(), {
      // The next message of the worker triggers another lookup.
      onFailed: (error) => this.#logger.debug('prompt.lookup_failed', { error }),
    });
  }

  /** Starts to watch for a prompt. */
  add(promptId: string): void {
    this.#untilMs.set(promptId, this.#clock.monotonicMs() + LATE_PROMPT_LIFE_MS);
  }

  /** Looks the prompts up after something changed on the worker, and stops those that are there. */
  recheck(): void {
    this.#check.request();
  }

  async #stopFound(): Promise<void> {
    const nowMs = this.#clock.monotonicMs();
    for (const [promptId, untilMs] of this.#untilMs) if (untilMs < nowMs) this.#untilMs.delete(promptId);
    if (this.#untilMs.size === 0) return;
    const timeoutMs = STOP_CALL_TIMEOUT_MS;
    const { running, pending } = await this.#http.loadQueue({ timeoutMs });
    for (const { promptId } of [...running, ...pending]) {
      if (!this.#untilMs.has(promptId)) continue;
      await stopPrompt(this.#http, promptId, { timeoutMs });
      this.#untilMs.delete(promptId);
      this.#counters.lateStopped += 1;
      this.#logger.warn('prompt.late_stopped', { promptId });
    }
  }
}
