import type { TaskId } from '@comfleet/contract';

/** Retries allowed at once, whatever runs. */
const FLOOR = 3;
/** Retries allowed as a share of running tasks. */
const SHARE = 0.2;
/** A delayed retry is checked again after a random part of this, so that not all are checked at once. */
const ASK_AGAIN_MS = 5000;

/** How many retries may be in flight with this many running tasks (P10). */
export function retryAllowance(running: number): number {
  return Math.max(FLOOR, Math.floor(running * SHARE));
}

/** `later`: check again after `delayMs`. */
export type RetryDecision = { kind: 'go' } | { kind: 'later'; delayMs: number };

/** Decides whether one more retry may start now. Pure. */
export function decideRetryNow(now: { inFlight: number; running: number; random: number }): RetryDecision {
  if (now.inFlight < retryAllowance(now.running)) return { kind: 'go' };
  return { kind: 'later', delayMs: Math.round(ASK_AGAIN_MS * (0.2 + 0.8 * now.random)) };
}

/**
 * Keeps retries a small part of the running tasks, so that retries do not multiply a fault of the whole fleet. Tasks whose
 * worker died or forgot them do not count: they are moved, not retried. In memory only.
 */
export class RetryBudget {
  readonly #waiting = new Set<string>();
  readonly #inFlight = new Set<string>();

  get inFlight(): number {
    return this.#inFlight.size;
  }

  /** Registers a failed task that waits for its retry. */
  add(taskId: TaskId): void {
    this.#inFlight.delete(taskId);
    this.#waiting.add(taskId);
  }

  /** Decides whether a task may go once its delay is over. Tasks that were never added may. */
  ask(taskId: TaskId, now: { running: number; random: number }): RetryDecision {
    if (!this.#waiting.has(taskId)) return { kind: 'go' };
    const decision = decideRetryNow({ ...now, inFlight: this.#inFlight.size });
    if (decision.kind === 'go') {
      this.#waiting.delete(taskId);
      this.#inFlight.add(taskId);
    }
    return decision;
  }

  /** The task has ended, or does not continue as a retry. */
  remove(taskId: TaskId): void {
    this.#inFlight.delete(taskId);
    this.#waiting.delete(taskId);
  }
}
