import type { RecordedError, TaskId } from '@comfleet/contract';
import type { Database } from '../../platform/database/database.ts';
import type { AttemptRow, TaskTables } from '../tasks/task-tables.ts';

/** What the earlier attempts of a task say about its next one. */
export interface AttemptHistory {
  /** Workers that died, or vanished, while they ran it. */
  deadWorkers: ReadonlySet<string>;
  /** How often someone removed it from a worker that went on. */
  removals: number;
  /** How often someone interrupted it who was not us. */
  interruptions: number;
  /** How often nobody listened on its worker: nothing was sent, so the task has not had these tries. */
  refusals: number;
}

export const NO_HISTORY: AttemptHistory = {
  deadWorkers: new Set(),
  removals: 0,
  interruptions: 0,
  refusals: 0,
};

type Past = Pick<AttemptRow, 'worker_id' | 'error'>;

/** Reads it from attempts that have ended. */
export function readAttemptHistory(attempts: readonly Past[]): AttemptHistory {
  const errors = attempts.map(({ worker_id, error }) => ({
    workerId: worker_id,
    error: error === null ? null : (JSON.parse(error) as RecordedError),
  }));
  const count = (code: string) => errors.filter(({ error }) => error?.code === code).length;
  const refused = errors.filter(({ error }) => error !== null && wasRefused(error));
  const dead = errors.filter(({ error }) => error !== null && hasDied(error));
  return {
    deadWorkers: new Set(dead.map(({ workerId }) => workerId)),
    removals: count('REMOVED_ON_WORKER'),
    interruptions: count('PROMPT_INTERRUPTED'),
    refusals: refused.length,
  };
}

/** A worker that went away while it ran the prompt; one that only had it in its queue died of something else. */
export function hasDied({ code, details }: Pick<RecordedError, 'code' | 'details'>): boolean {
  return code === 'WORKER_UNREACHABLE' && details?.started === true;
}

/** Nobody listened on the worker. */
export function wasRefused({ code, details }: Pick<RecordedError, 'code' | 'details'>): boolean {
  return code === 'WORKER_UNREACHABLE' && details?.refused === true;
}

/** The history of a task whose attempt ends now. Attempts are at most ten, so all are read. */
export async function loadAttemptHistory(
  database: Database<TaskTables>,
  taskId: TaskId,
): Promise<AttemptHistory> {
  const rows = await database.read(
    database.k
      .selectFrom('attempt')
      .select(['worker_id', 'error'])
      .where('task_id', '=', taskId)
      .where('state', '=', 'ended')
      .limit(100),
  );
  return readAttemptHistory(rows);
}
