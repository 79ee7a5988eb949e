import type { AttemptEnding, ErrorCode, RecordedError } from '@comfleet/contract';
import { ERRORS, isErrorCode } from '@comfleet/contract';
import { recordError } from '../../platform/errors/app-error.ts';

/**
 * How an attempt ended, as data. `workerDied` counts towards poison; `avoidWorker` sends the next try elsewhere;
 * `uncounted`: the task has not had this try, as our own process died between claim and POST, or took the prompt back before it ran.
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
  /** Workers that may die under one task. */
  maxDeaths: number;
  random: () => number;
}

export const DEFAULT_RETRY: Omit<RetryPolicy, 'random'> = {
  baseDelayMs: 1000,
  maxDelayMs: 60_000,
  maxDeaths: 2,
};

/** What the task was when its attempt ended. */
export interface AttemptedTask {
  attemptCount: number;
  maxAttempts: number;
  deaths: number;
  cancelRequested: boolean;
  /** Whether a worker that has not failed this task could take it now. */
  hasOtherWorker: boolean;
}

export type NextStep =
  | { kind: 'succeed' }
  | { kind: 'cancel' }
  | { kind: 'fail'; error: RecordedError }
  | { kind: 'retry'; delayMs: number; avoidWorker: boolean }
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
  const deaths = task.deaths + (result.workerDied ? 1 : 0);
  if (retryOf(result.error.code) === 'never') return { kind: 'fail', error: result.error };
  // What one worker refused it refuses again; another one may have what is missing (A11).
  if (result.ending === 'refused' && !task.hasOtherWorker) return { kind: 'fail', error: result.error };
  if (deaths >= policy.maxDeaths)
    return { kind: 'fail', error: recordError('POISON_TASK', { last_error: result.error }) };
  if (task.attemptCount >= task.maxAttempts) return { kind: 'fail', error: exhausted(task, result.error) };
  const ceiling = Math.min(policy.maxDelayMs, policy.baseDelayMs * 2 ** (task.attemptCount - 1));
  return { kind: 'retry', delayMs: Math.round(ceiling * policy.random()), avoidWorker: result.avoidWorker };
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
  const died = code === 'WORKER_UNREACHABLE' && details?.dispatched === true;
  return {
    ending,
    error: recordError(code, details),
    workerDied: died,
    avoidWorker: ERRORS[code].retry === 'other-worker',
    uncounted: code === 'TAKEN_BACK' || (code === 'PROMPT_LOST' && details?.dispatched === false),
  };
}
