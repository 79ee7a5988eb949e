import type { AttemptEnding, ErrorCode, RecordedError, WorkerId } from '@comfleet/contract';
import { ERRORS, isErrorCode } from '@comfleet/contract';
import { recordError } from '../../platform/errors/app-error.ts';
import { type AttemptHistory, hasDied, wasRefused } from './attempt-history.ts';

/**
 * How an attempt ended, as data. `workerDied` under the running prompt counts towards poison; `avoidWorker` sends the next
 * try elsewhere; `uncounted`: the task has not had this try, as our own process died between claim and
 * POST, or took the prompt back before it ran.
 */
export type AttemptResult =
  | { ending: 'succeeded' }
  | {
      ending: Exclude<AttemptEnding, 'succeeded'>;
      error: RecordedError;
      workerDied: boolean;
      avoidWorker: boolean;
      uncounted: boolean;
    };

export interface RetryPolicy {
  /** First wait and its cap; doubled each time, with full jitter. */
  baseDelayMs: number;
  maxDelayMs: number;
  /** Distinct workers that may die under one task. */
  maxDeaths: number;
  random: () => number;
}

export const DEFAULT_RETRY: Omit<RetryPolicy, 'random'> = {
  baseDelayMs: 1000,
  maxDelayMs: 60_000,
  maxDeaths: 2,
};

/** A worker that refuses counts as offline after a few; more than these are something else, and count. */
const MOST_REFUSALS = 20;

/** What the task was when its attempt ended. */
export interface AttemptedTask {
  attemptCount: number;
  maxAttempts: number;
  /** The worker of the attempt that ended. */
  workerId: WorkerId;
  /** Of the attempts before that one. */
  history: AttemptHistory;
  cancelRequested: boolean;
  /** Whether a worker that has not failed this task could take it now. */
  hasOtherWorker: boolean;
}

export type NextStep =
  | { kind: 'succeed' }
  | { kind: 'cancel' }
  | { kind: 'fail'; error: RecordedError }
  /** `isBudgeted`: what failed may fail again, so the fleet's retry budget decides when it is let go (P10). */
  | { kind: 'retry'; delayMs: number; avoidWorker: boolean; isBudgeted: boolean }
  /** Waits again as if this attempt had not been. */
  | { kind: 'requeue' };

/** The one place that turns an attempt's end into what the task does next: pure and exhaustive. */
export function decideNextStep(task: AttemptedTask, result: AttemptResult, policy: RetryPolicy): NextStep {
  if (task.cancelRequested) return { kind: 'cancel' };
  switch (result.ending) {
    case 'succeeded':
      return { kind: 'succeed' };
    case 'failed':
    case 'refused':
    case 'interrupted':
    case 'lost':
      return decideRetry(task, result, policy);
    default: {
      const unknownEnding: never = result;
      return unknownEnding;
    }
  }
}

type FailedResult = Exclude<AttemptResult, { ending: 'succeeded' }>;

function decideRetry(task: AttemptedTask, result: FailedResult, policy: RetryPolicy): NextStep {
  if (result.uncounted) return { kind: 'requeue' };
  if (isFinal(task, result)) return { kind: 'fail', error: result.error };
  if (countDead(task, result) >= policy.maxDeaths)
    return { kind: 'fail', error: recordError('POISON_TASK', { last_error: result.error }) };
  if (countTries(task, result) >= task.maxAttempts)
    return { kind: 'fail', error: exhausted(task, result.error) };
  const { avoidWorker } = result;
  // Its worker is gone, and that was waited for: another one may have it at once.
  if (isLeft(result) && task.hasOtherWorker)
    return { kind: 'retry', delayMs: 0, avoidWorker, isBudgeted: false };
  const ceiling = Math.min(policy.maxDelayMs, policy.baseDelayMs * 2 ** (task.attemptCount - 1));
  const isBudgeted = result.ending !== 'lost';
  return { kind: 'retry', delayMs: Math.round(ceiling * policy.random()), avoidWorker, isBudgeted };
}

/** Trying again cannot help, or a person has shown twice that the prompt is not wanted there. */
function isFinal({ history, hasOtherWorker }: AttemptedTask, { ending, error }: FailedResult): boolean {
  if (retryOf(error.code) === 'never') return true;
  // What one worker refused it refuses again; another one may have what is missing (A11).
  if (ending === 'refused') return !hasOtherWorker;
  if (error.code === 'REMOVED_ON_WORKER') return history.removals > 0;
  return error.code === 'PROMPT_INTERRUPTED' && history.interruptions > 0;
}

function countDead({ history, workerId }: AttemptedTask, { workerDied }: FailedResult): number {
  return workerDied ? new Set([...history.deadWorkers, workerId]).size : 0;
}

/** What was never sent is no try: a worker that restarts must not use up the tries of its tasks (HR8). */
function countTries({ attemptCount, history }: AttemptedTask, { error }: FailedResult): number {
  const refusals = history.refusals + (wasRefused(error) ? 1 : 0);
  return attemptCount - Math.min(refusals, MOST_REFUSALS);
}

/** The worker had the prompt and was given up. */
function isLeft({ error }: FailedResult): boolean {
  return error.code === 'WORKER_UNREACHABLE' && error.details?.dispatched === true;
}

/** One attempt in all: its own error says more than "attempts exhausted". */
function exhausted(task: AttemptedTask, last: RecordedError): RecordedError {
  if (task.maxAttempts === 1) return last;
  return recordError('ATTEMPTS_EXHAUSTED', { attempts: task.attemptCount, last_error: last });
}

function retryOf(code: string) {
  return isErrorCode(code) ? ERRORS[code].retry : 'never';
}

/** Builds the result of an attempt that did not succeed; blame and retry follow from the error's registry entry. */
export function endAttempt(
  ending: FailedResult['ending'],
  code: ErrorCode,
  details: Record<string, unknown> | null = null,
): FailedResult {
  return {
    ending,
    error: recordError(code, details),
    workerDied: hasDied({ code, details }),
    avoidWorker: ERRORS[code].retry === 'other-worker',
    uncounted: code === 'TAKEN_BACK' || (code === 'PROMPT_LOST' && details?.dispatched === false),
  };
}
