import type { AttemptEnding, ErrorCode, RecordedError, WorkerId } from '@comfleet/contract';
import { recordError } from '../../platform/errors/app-error.ts';
import type { ErrorDetails } from '../../platform/errors/error-details.ts';
import type { AttemptHistory } from './attempt-history.ts';
import { CAUSES, classifyCause, findCause, mayHaveRun } from './causes.ts';

/**
 * How an attempt ended, as data. `workerDied`: the worker died under the running prompt, which counts towards poison.
 * `avoidWorker`: the next attempt goes elsewhere. `uncounted`: the attempt does not count, because the prompt was never sent or
 * was preempted. `hasFiles`: some files were collected, and are delivered if the prompt is not sent again.
 */
export type AttemptResult =
  | { ending: 'succeeded' }
  | {
      ending: Exclude<AttemptEnding, 'succeeded'>;
      error: RecordedError;
      workerDied: boolean;
      avoidWorker: boolean;
      uncounted: boolean;
      hasFiles: boolean;
    };

export interface RetryPolicy {
  /** First delay and its maximum; doubled each time, with full jitter. */
  baseDelayMs: number;
  maxDelayMs: number;
  /** How many distinct workers may die under one task. */
  maxDeaths: number;
  random: () => number;
}

export const DEFAULT_RETRY: Omit<RetryPolicy, 'random'> = {
  baseDelayMs: 1000,
  maxDelayMs: 60_000,
  maxDeaths: 2,
};

/** The task at the end of its attempt. */
export interface AttemptedTask {
  attemptCount: number;
  maxAttempts: number;
  /** The worker of the attempt that ended. */
  workerId: WorkerId;
  /** History of the attempts before that one. */
  history: AttemptHistory;
  cancelRequested: boolean;
  /** True when a worker that has not failed this task could take it now. */
  hasOtherWorker: boolean;
  /** True for a task with paid nodes: once it may have run, only a user can have it sent again. */
  mustAsk: boolean;
}

export type NextStep =
  | { kind: 'succeed' }
  | { kind: 'cancel' }
  | { kind: 'fail'; error: RecordedError }
  /** `isBudgeted`: it may fail again, so the fleet's retry budget decides when it is released (P10). */
  | { kind: 'retry'; delayMs: number; avoidWorker: boolean; isBudgeted: boolean }
  /** Waits again as if this attempt had not happened. */
  | { kind: 'requeue' }
  /** Would be sent again, but waits for a user's decision first. */
  | { kind: 'ask'; error: RecordedError; avoidWorker: boolean };

/**
 * Decides whether a prompt is sent again; nothing else does. Pure and exhaustive. `CAUSES` defines where and how often for each
 * cause; attempts, dead workers and delays limit the task as a whole.
 */
export function decideNextStep(task: AttemptedTask, result: AttemptResult, policy: RetryPolicy): NextStep {
  if (task.cancelRequested) return { kind: 'cancel' };
  switch (result.ending) {
    case 'succeeded':
      return { kind: 'succeed' };
    case 'failed':
    case 'refused':
    case 'interrupted':
    case 'lost':
      return deliverLast(decideRetry(task, result, policy), result);
    default: {
      const unknownEnding: never = result;
      return unknownEnding;
    }
  }
}

/** Delivers collected files instead of failing, or asking whether to pay again. */
function deliverLast(next: NextStep, { hasFiles }: FailedResult): NextStep {
  return hasFiles && (next.kind === 'fail' || next.kind === 'ask') ? { kind: 'succeed' } : next;
}

type FailedResult = Exclude<AttemptResult, { ending: 'succeeded' }>;

function decideRetry(task: AttemptedTask, result: FailedResult, policy: RetryPolicy): NextStep {
  const { avoidWorker } = result;
  if (result.uncounted) return { kind: 'requeue' };
  if (isCertain(task, result)) return { kind: 'fail', error: result.error };
  if (countDead(task, result) >= policy.maxDeaths)
    return { kind: 'fail', error: recordError('POISON_TASK', { last_error: result.error }) };
  if (countTries(task, result) >= task.maxAttempts)
    return { kind: 'fail', error: exhausted(task, result.error) };
  if (task.mustAsk && mayHaveRun(result.error)) return { kind: 'ask', error: result.error, avoidWorker };
  // Its worker is gone after a grace period: another one may take it at once.
  if (isLeft(result) && task.hasOtherWorker)
    return { kind: 'retry', delayMs: 0, avoidWorker, isBudgeted: false };
  const ceiling = Math.min(policy.maxDelayMs, policy.baseDelayMs * 2 ** (task.attemptCount - 1));
  const isBudgeted = result.ending !== 'lost';
  return { kind: 'retry', delayMs: Math.round(ceiling * policy.random()), avoidWorker, isBudgeted };
}

/** True when the same prompt would end the same way, or has done so as often as its cause allows. */
function isCertain({ history, hasOtherWorker }: AttemptedTask, { error }: FailedResult): boolean {
  const { again, times } = findCause(error);
  if (again === 'never') return true;
  // A worker that refused the prompt would refuse it again; another may have what is missing (A11).
  if (again === 'only_elsewhere') return !hasOtherWorker;
  const name = classifyCause(error);
  // `not_heard` uses up no attempts until its number is exceeded.
  if (times === null || name === null || name === 'not_heard') return false;
  return (history.causes[name] ?? 0) >= times;
}

function countDead({ history, workerId }: AttemptedTask, { workerDied }: FailedResult): number {
  return workerDied ? new Set([...history.deadWorkers, workerId]).size : 0;
}

/** Counts the attempts that were heard: a restarting worker must not use up the attempts of its tasks (HR8). */
function countTries({ attemptCount, history }: AttemptedTask, { error }: FailedResult): number {
  const unheard = (history.causes.not_heard ?? 0) + (classifyCause(error) === 'not_heard' ? 1 : 0);
  return attemptCount - Math.min(unheard, CAUSES.not_heard.times ?? 0);
}

/** True when the worker had the prompt and was lost. */
function isLeft({ error }: FailedResult): boolean {
  const cause = classifyCause(error);
  return cause === 'left_waiting' || cause === 'died';
}

/** The error after the last attempt; with a single attempt its own error is the more useful one. */
function exhausted(task: AttemptedTask, last: RecordedError): RecordedError {
  if (task.maxAttempts === 1) return last;
  return recordError('ATTEMPTS_EXHAUSTED', { attempts: task.attemptCount, last_error: last });
}

/** Builds the result of an attempt that did not succeed; whether and where it is retried follows from its cause. */
export function endAttempt<Code extends ErrorCode>(
  ending: FailedResult['ending'],
  code: Code,
  details: ErrorDetails<Code> | null = null,
): FailedResult {
  const error = recordError(code, details);
  const { again } = findCause(error);
  return {
    ending,
    error,
    workerDied: classifyCause(error) === 'died',
    avoidWorker: again === 'elsewhere' || again === 'only_elsewhere',
    uncounted: again === 'unsent',
    hasFiles: false,
  };
}
