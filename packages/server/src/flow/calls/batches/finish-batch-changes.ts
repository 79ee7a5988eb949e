import { lowestId, type TaskId } from '@comfleet/contract';
import type { Database } from '../../../platform/database/database.ts';
import { planCancel } from '../../tasks/plan-cancel.ts';
import type { Secrets } from '../../tasks/secrets.ts';
import type { TaskJournal } from '../../tasks/task-journal.ts';
import type { TaskRow, TaskTables } from '../../tasks/task-tables.ts';

const PAGE = 250;

/**
 * Completes what a killed process began: a batch is paused or canceled before its tasks are, one by one. Runs before the queue is
 * rebuilt, so that none of them starts; running ones are stopped once their attempts are resumed.
 */
export async function finishBatchChanges(deps: {
  database: Database<TaskTables>;
  journal: TaskJournal;
  secrets: Secrets;
}): Promise<void> {
  const { database, journal, secrets } = deps;
  for (let after = lowestId<'task'>(); ; ) {
    const tasks = await loadUnfinished(database, after);
    await Promise.all(
      tasks.map(({ batch_state, ...task }) =>
        batch_state === 'canceled'
          ? journal.change(task.id, planCancel('system', secrets), task)
          : journal.change(task.id, planPause, task),
      ),
    );
    if (tasks.length === 0) return;
    after = tasks.at(-1)?.id ?? after;
  }
}

function planPause(task: TaskRow) {
  if (task.state !== 'queued') return null;
  return { changes: [{ type: 'task.held', heldReason: 'batch_paused' } as const] };
}

async function loadUnfinished(
  database: Database<TaskTables>,
  after: TaskId,
): Promise<(TaskRow & { batch_state: string })[]> {
  return database.read(
    database.k
      .selectFrom('task')
      .innerJoin('batch', 'batch.id', 'task.batch_id')
      .selectAll('task')
      .select('batch.state as batch_state')
      .where('task.state', 'in', ['held', 'queued', 'running'])
      .where('task.cancel_requested_at', 'is', null)
      .where((on) =>
        on.or([
          on('batch.state', '=', 'canceled'),
          on.and([on('batch.state', '=', 'paused'), on('task.state', '=', 'queued')]),
        ]),
      )
      .where('task.id', '>', after)
      .orderBy('task.id')
      .limit(PAGE),
  );
}
