import type { AttemptEnding, ErrorCode, RecordedError, WorkerId } from '@comfleet/contract';
import { recordError } from '../../platform/errors/app-error.ts';
import type { AttemptHistory } from './attempt-history.ts';
import { CAUSES, classifyCause, findCause, mayHaveRun } from './causes.ts';

/**
 * How an attempt ended, as data. `workerDied` under the running prompt counts towards poison; `avoidWorker` sends the next
 * try elsewhere; `uncounted`: the task has not had this try, as our own process died between claim and
 * POST, or took the prompt back before it ran. `hasFiles`: some of its files are in hand, and are delivered where it is not sent again.
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
  /** It has paid nodes: once it may have run, only a user has it sent again. */
  mustAsk: boolean;
}

export type NextStep =
  | { kind: 'succeed' }
  | { kind: 'cancel' }
  | { kind: 'fail'; error: RecordedError }
  /** `isBudgeted`: what failed may fail again, so the fleet's retry budget decides when it is let go (P10). */
  | { kind: 'retry'; delayMs: number; avoidWorker: boolean; isBudgeted: boolean }
  /** Waits again as if this attempt had not been. */
  | { kind: 'requeue' }
  /** Would be sent again, and waits for a user's decision. */
  | { kind: 'ask'; error: RecordedError; avoidWorker: boolean };

/**
 * The one place that decides whether a prompt is sent again: pure and exhaustive. `CAUSES` says per cause where and how
 * often; attempts, dead workers and waits limit it for the task as a whole.
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

/** What was made is delivered rather than lost, or held for a decision on what to pay again. */
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
  // Its worker is gone, and that was waited for: another one may have it at once.
  if (isLeft(result) && task.hasOtherWorker)
    return { kind: 'retry', delayMs: 0, avoidWorker, isBudgeted: false };
  const ceiling = Math.min(policy.maxDelayMs, policy.baseDelayMs * 2 ** (task.attemptCount - 1));
  const isBudgeted = result.ending !== 'lost';
  return { kind: 'retry', delayMs: Math.round(ceiling * policy.random()), avoidWorker, isBudgeted };
}

/** The same prompt would come to the same end, or has come to it as often as its cause allows. */
function isCertain({ history, hasOtherWorker }: AttemptedTask, { error }: FailedResult): boolean {
  const { again, times } = findCause(error);
  if (again === 'never') return true;
  // What one worker refused it refuses again; another one may have what is missing (A11).
  if (again === 'only_elsewhere') return !hasOtherWorker;
  const name = classifyCause(error);
  // Above its number a cause that uses up no attempts uses them up.
  if (times === null || name === null || name === 'not_heard') return false;
  return (history.causes[name] ?? 0) >= times;
}

function countDead({ history, workerId }: AttemptedTask, { workerDied }: FailedResult): number {
  return workerDied ? new Set([...history.deadWorkers, workerId]).size : 0;
}

/** What was never sent is no try: a worker that restarts must not use up the tries of its tasks (HR8). */
function countTries({ attemptCount, history }: AttemptedTask, { error }: FailedResult): number {
  const unheard = (history.causes.not_heard ?? 0) + (classifyCause(error) === 'not_heard' ? 1 : 0);
  return attemptCount - Math.min(unheard, CAUSES.not_heard.times ?? 0);
}

/** The worker had the prompt and was given up. */
function isLeft({ error }: FailedResult): boolean {
  const cause = classifyCause(error);
  return cause === 'left_waiting' || cause === 'died';
}

/** One attempt in all: its own error says more than "attempts exhausted". */
function exhausted(task: AttemptedTask, last: RecordedError): RecordedError {
  if (task.maxAttempts === 1) return last;
  return recordError('ATTEMPTS_EXHAUSTED', { attempts: task.attemptCount, last_error: last });
}

/** Builds the result of an attempt that did not succeed; where it is tried again follows from the row of its cause. */
export function endAttempt(
  ending: FailedResult['ending'],
  code: ErrorCode,
  details: Record<string, unknown> | null = null,
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
