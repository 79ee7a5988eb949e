import type { TaskId } from '@comfleet/contract';

/** Retries in flight at once, whatever runs. */
const FLOOR = 3;
/** Of the running tasks. */
const SHARE = 0.2;
/** A retry that must wait asks again within a random part of this, so that not all ask at once. */
const ASK_AGAIN_MS = 5000;

/** How many retries may be in flight for a number of running tasks (P10). */
export function retryAllowance(running: number): number {
  return Math.max(FLOOR, Math.floor(running * SHARE));
}

/** `later` says after how many ms to ask again. */
export type RetryDecision = { kind: 'go' } | { kind: 'later'; delayMs: number };

/** Whether one more retry may go now. Pure. */
export function decideRetryNow(now: { inFlight: number; running: number; random: number }): RetryDecision {
  if (now.inFlight < retryAllowance(now.running)) return { kind: 'go' };
  return { kind: 'later', delayMs: Math.round(ASK_AGAIN_MS * (0.2 + 0.8 * now.random)) };
}

/**
 * Keeps retries of failures a small part of what runs, so that a fault of the whole fleet is not multiplied by trying
 * again. Tasks whose worker died or forgot them do not count: they are moved, not tried again. In memory only.
 */
export class RetryBudget {
  readonly #waiting = new Set<string>();
  readonly #inFlight = new Set<string>();

  get inFlight(): number {
    return this.#inFlight.size;
  }

  /** A failed task is to be tried again; it waits for its turn. */
  add(taskId: TaskId): void {
    this.#inFlight.delete(taskId);
    this.#waiting.add(taskId);
  }

  /** Asked when the task's wait is over. Tasks that were never added go. */
  ask(taskId: TaskId, now: { running: number; random: number }): RetryDecision {
    if (!this.#waiting.has(taskId)) return { kind: 'go' };
    const decision = decideRetryNow({ ...now, inFlight: this.#inFlight.size });
    if (decision.kind === 'go') {
      this.#waiting.delete(taskId);
      this.#inFlight.add(taskId);
    }
    return decision;
  }

  /** The task ended, or goes on as no retry. */
  remove(taskId: TaskId): void {
    this.#inFlight.delete(taskId);
    this.#waiting.delete(taskId);
  }
}
