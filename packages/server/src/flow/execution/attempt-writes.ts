import type { Progress } from '@comfleet/contract';
import type { TaskChange } from '../tasks/task-change.ts';
import type { AttemptRow, TaskRow } from '../tasks/task-tables.ts';
import type { AttemptResult, NextStep } from './ending.ts';

/** The row of an attempt that has ended. */
export function endedAttempt(attempt: AttemptRow, result: AttemptResult, atMs: number): AttemptRow {
  return {
    ...attempt,
    state: 'ended',
    ending: result.ending,
    error: result.ending === 'succeeded' ? null : JSON.stringify(result.error),
    ended_at: atMs,
  };
}

export interface AfterAttempt {
  task: TaskRow;
  attempt: AttemptRow;
  result: AttemptResult;
  next: NextStep;
  atMs: number;
  /** Last known progress; stored with an attempt that did not succeed. */
  progress: Progress | null;
  /** Lane of a retry that avoids workers. */
  retryLane: { stored: string; requirements: string };
}

/** Plans the changes that end an attempt and move its task on: to its end, back to the queue, or held until its next attempt. */
export function planAfterAttempt({
  task,
  attempt,
  result,
  next,
  atMs,
  progress,
  retryLane,
}: AfterAttempt): TaskChange[] {
  const ids = { attemptId: attempt.id, workerId: attempt.worker_id, promptId: attempt.prompt_id };
  const error = result.ending === 'succeeded' ? undefined : result.error;
  const ended: TaskChange = {
    type: 'attempt.ended',
    ...ids,
    error,
    workerDied: result.ending === 'succeeded' ? false : result.workerDied,
    uncounted: next.kind === 'requeue',
    details: {
      ending: result.ending,
      ...(result.ending === 'succeeded' || progress === null ? {} : { progress }),
    },
  };
  const chooseLane = ({ avoidWorker }: { avoidWorker: boolean }) =>
    avoidWorker ? retryLane : { stored: task.lane, requirements: task.requirements };
  switch (next.kind) {
    case 'succeed':
      return [ended, { type: 'task.succeeded', ...ids }];
    case 'cancel':
      return [ended, { type: 'task.canceled', ...ids }];
    case 'fail':
      return [ended, { type: 'task.failed', ...ids, error: next.error }];
    case 'requeue':
      return [ended, { type: 'task.queued' }];
    case 'retry': {
      const lane = chooseLane(next);
      if (next.delayMs === 0 && !next.isBudgeted) return [ended, { type: 'task.queued', lane }];
      const dueAtMs = atMs + next.delayMs;
      return [ended, { type: 'task.held', heldReason: 'retry_delay', dueAtMs, lane }];
    }
    case 'ask': {
      const held = { type: 'task.held', heldReason: 'needs_decision', error: next.error } as const;
      return [ended, { ...held, lane: chooseLane(next) }];
    }
    default: {
      const unknownStep: never = next;
      return unknownStep;
    }
  }
}
