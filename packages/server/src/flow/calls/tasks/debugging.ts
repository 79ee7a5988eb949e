import { isTerminal, parseId, type RecordedError, type TaskId, type TaskState } from '@comfleet/contract';
import type { WorkerRegistry } from '../../../fleet/workers/registry.ts';
import type { Database } from '../../../platform/database/database.ts';
import { AppError } from '../../../platform/errors/app-error.ts';
import type { Engine, PromptPlace } from '../../engine/engine.ts';
import type { FlowTables } from '../../flow-tables.ts';
import { matchesOwner, type OwnerFilter } from '../../ownership/owner-filter.ts';
import { listVisibleTasks } from '../../tasks/task-queries.ts';
import { findTask } from '../../tasks/task-rows.ts';
import type { TaskRow } from '../../tasks/task-tables.ts';

export interface DebugDeps {
  database: Database<FlowTables>;
  fleet: Pick<WorkerRegistry, 'find'>;
  engine: Pick<Engine, 'locate' | 'recheck'>;
}

export interface PendingTask {
  taskId: TaskId;
  state: TaskState;
  ageMs: number;
  workflowName: string | null;
  workerName: string | null;
  promptId: string | null;
  connection: 'connected' | 'connecting' | 'closed' | null;
  phase: string | null;
}

export interface DebugCheck {
  taskId: TaskId;
  state: TaskState;
  place: PromptPlace['place'] | 'not_submitted';
  finished: boolean;
  error: RecordedError | null;
}

const MAX_PENDING = 1000;

/** Lists open tasks and where they are now (CL8). */
export async function listPending(
  { database, fleet, engine }: DebugDeps,
  owner: OwnerFilter,
): Promise<PendingTask[]> {
  const { rows } = await listVisibleTasks(database, owner, {
    states: ['held', 'queued', 'running'],
    limit: MAX_PENDING,
  });
  return Promise.all(
    rows.map(async (task) => {
      const running = await engine.locate(task.id);
      const worker = running ? fleet.find(running.workerId) : null;
      return {
        taskId: task.id,
        state: task.state,
        ageMs: database.nowMs() - task.created_at,
        workflowName: task.workflow_name,
        workerName: worker?.name ?? null,
        promptId: running?.promptId ?? null,
        connection: worker?.snapshot().socketState ?? null,
        phase: running?.phase ?? null,
      };
    }),
  );
}

/** Looks one task up on its worker now; a complete history finishes it (CL9). Does not throw for a silent worker. */
export async function checkTask(
  { database, engine }: DebugDeps,
  owner: OwnerFilter,
  id: string,
): Promise<DebugCheck> {
  const task = await findByTaskOrPrompt(database, owner, id);
  const found = await engine.recheck(task.id);
  if (!found) return toCheck(task, 'not_submitted', null);
  const [after] = await database.read(findTask(database.k, task.id));
  return toCheck(after ?? task, found.place, found.error);
}

async function findByTaskOrPrompt(
  database: Database<FlowTables>,
  owner: OwnerFilter,
  id: string,
): Promise<TaskRow> {
  const taskId = parseId<'task'>(id);
  const rows = await database.read(
    database.k
      .selectFrom('task')
      .selectAll()
      .where((eb) => eb.or([eb('prompt_id', '=', id), ...(taskId === null ? [] : [eb('id', '=', taskId)])]))
      .limit(1),
  );
  const [task] = rows;
  if (!task || !matchesOwner(owner, task)) throw new AppError('TASK_NOT_FOUND', { id });
  return task;
}

function toCheck(task: TaskRow, place: DebugCheck['place'], error: RecordedError | null): DebugCheck {
  return { taskId: task.id, state: task.state, place, finished: isTerminal(task.state), error };
}
