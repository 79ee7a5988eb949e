import { type FollowedEnd, type PromptFollower, stopPrompt } from '@comfleet/comfyui';
import {
  type AttemptJob,
  type Ended,
  notCollected,
  type RunnerDeps,
  type StopReason,
} from './attempt-job.ts';
import type { AttemptSteps } from './attempt-steps.ts';
import { type AttemptResult, endAttempt } from './ending.ts';
import { escalate } from './escalate.ts';
import { leaveWorker } from './leave-worker.ts';
import { limitsSilence, readSilenceLimitMs } from './silence-watch.ts';
import { STOP_CALL_TIMEOUT_MS, waitUntilGone } from './wait-until-gone.ts';

const STOP_WAIT_MS = 10_000;

/**
 * Ends an attempt whose prompt has not ended. By reason, which the attempt enters at most once:
 * - canceled, refused: the prompt is stopped and seen gone; if that fails it becomes a late prompt.
 * - timeout, stalled: the prompt is escalated, see `escalate`. A success in the meantime counts, except after a timeout.
 * - worker_lost: one last lookup. A finished result counts; a prompt that is still there is stopped, or left if it is paid for.
 * - worker_died, preempted: nothing is asked of the worker; the prompt is known to be gone.
 * - shutdown: nothing ends; the attempt stays open for the next start.
 * Messages of the prompt are followed until then, and ignored afterwards.
 */
export class EarlyEnd {
  readonly #deps: RunnerDeps;
  readonly #job: AttemptJob;
  readonly #steps: AttemptSteps;

  constructor(deps: RunnerDeps, job: AttemptJob, steps: AttemptSteps) {
    this.#deps = deps;
    this.#job = job;
    this.#steps = steps;
  }

  /** The prompt showed no progress for longer than its workflow allows. */
  stalled(follower: PromptFollower): Promise<Ended | FollowedEnd> {
    const limit = { silence_limit_seconds: (readSilenceLimitMs(this.#job.task) ?? 0) / 1000 };
    return this.#escalate(follower, endAttempt('interrupted', 'PROMPT_STALLED', limit));
  }

  /** Ends the attempt for the reason of its stop signal. Null when it stays open. */
  async stop(follower: PromptFollower): Promise<Ended | FollowedEnd | null> {
    const { stop, task } = this.#job;
    switch (stop.reason as StopReason) {
      case 'shutdown':
        return null;
      case 'preempted':
        return notCollected(endAttempt('interrupted', 'PREEMPTED'));
      case 'worker_lost':
        return this.#leave(follower);
      case 'worker_died':
        return notCollected(this.#endUnreachable());
      case 'timeout': {
        const seconds = task.timeout_ms / 1000;
        const limit = limitsSilence(task) ? { silent_seconds: seconds } : { timeout_seconds: seconds };
        return this.#escalate(follower, endAttempt('interrupted', 'EXECUTION_TIMEOUT', limit));
      }
      case 'canceled':
        await this.#cancel(follower);
        return notCollected(endAttempt('interrupted', 'CANCELED'));
    }
  }

  /** The worker runs only part of a graph that is wanted as a whole. */
  async refuse(follower: PromptFollower, result: AttemptResult): Promise<Ended> {
    await this.#cancel(follower);
    return notCollected(result);
  }

  async #cancel(follower: PromptFollower): Promise<void> {
    const { worker, attempt, task } = this.#job;
    const { clock, logger } = this.#deps;
    try {
      await stopPrompt(worker.http, attempt.prompt_id, { timeoutMs: STOP_CALL_TIMEOUT_MS });
      const gone = waitUntilGone(worker.http, attempt.prompt_id, { clock, limitMs: STOP_WAIT_MS });
      await Promise.race([follower.ended, gone]);
    } catch (thrown) {
      worker.tracker.watchForLatePrompt(attempt.prompt_id);
      logger.warn('prompt.stop_failed', { taskId: task.id, promptId: attempt.prompt_id, error: thrown });
    }
  }

  /**
   * Leaves a lost worker after one last lookup, so that another one can run the task. A paid prompt is left to run there, because
   * the task is not sent again without a decision.
   */
  async #leave(follower: PromptFollower): Promise<Ended | FollowedEnd> {
    const { clock, logger } = this.#deps;
    const { worker, task } = this.#job;
    const keepsRunning = this.#deps.mustAsk(task);
    const whatIsThere = keepsRunning ? 'keep' : 'stop';
    const left = await leaveWorker({ http: worker.http, follower, clock, logger, whatIsThere });
    if (left === 'ended') return follower.ended;
    if (left === 'unknown' && !keepsRunning) this.watchForLatePrompt();
    return notCollected(this.#endUnreachable());
  }

  /** Escalates against a prompt that hangs. If it succeeds while it is being stopped, its result counts. */
  async #escalate(follower: PromptFollower, result: AttemptResult): Promise<Ended | FollowedEnd> {
    const { worker, attempt, stop } = this.#job;
    const { clock, logger } = this.#deps;
    const outcome = await escalate({
      http: worker.http,
      follower,
      clock,
      logger,
      restart: this.#deps.findRestart(attempt.worker_id),
      onStep: (step, outcome, reason) =>
        this.#steps.record('attempt.escalated', { step, result: outcome, reason }),
    });
    if (outcome === 'left') this.watchForLatePrompt();
    const hasResult = follower.phase === 'ended' && (await follower.ended).end.kind === 'succeeded';
    return hasResult && stop.reason !== 'timeout' ? follower.ended : notCollected(result);
  }

  /** The prompt may still run there: it is stopped as soon as it turns up, and counted as a possible overlap. */
  watchForLatePrompt(): void {
    this.#job.worker.tracker.watchForLatePrompt(this.#job.attempt.prompt_id);
    this.#deps.counters.overlapPossible += 1;
  }

  #endUnreachable(): AttemptResult {
    const started = this.#steps.attempt.started_at !== null;
    return endAttempt('lost', 'WORKER_UNREACHABLE', { dispatched: true, started });
  }
}
