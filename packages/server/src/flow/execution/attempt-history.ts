import type { RecordedError, TaskId } from '@comfleet/contract';
import type { Database } from '../../platform/database/database.ts';
import type { AttemptRow, TaskTables } from '../tasks/task-tables.ts';
import { type CauseName, classifyCause } from './causes.ts';

/** What earlier attempts of a task mean for its next one. */
export interface AttemptHistory {
  /** Workers that died or vanished while running it. */
  deadWorkers: ReadonlySet<string>;
  /** How often each cause ended an attempt. */
  causes: Readonly<Partial<Record<CauseName, number>>>;
}

export const NO_HISTORY: AttemptHistory = { deadWorkers: new Set(), causes: {} };

type Past = Pick<AttemptRow, 'worker_id' | 'error'>;

/** Derives the history from attempts that have ended. */
export function readAttemptHistory(attempts: readonly Past[]): AttemptHistory {
  const deadWorkers = new Set<string>();
  const causes: Partial<Record<CauseName, number>> = {};
  for (const { worker_id, error } of attempts) {
    const cause = error === null ? null : classifyCause(JSON.parse(error) as RecordedError);
    if (cause === null) continue;
    causes[cause] = (causes[cause] ?? 0) + 1;
    if (cause === 'died') deadWorkers.add(worker_id);
  }
  return { deadWorkers, causes };
}

/** Loads the history of a task whose attempt is ending. A task has at most ten attempts, so all are read. */
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
