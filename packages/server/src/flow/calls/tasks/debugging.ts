import { isTerminal, type RecordedError, type TaskId, type WorkerId } from '@comfleet/contract';
import type { WorkerRegistry } from '../../../fleet/workers/registry.ts';
import type { Database } from '../../../platform/database/database.ts';
import type { TaskRow } from '../../../platform/database/schema.ts';
import { AppError, toError } from '../../../platform/errors/app-error.ts';
import type { Spine } from '../../engine/engine.ts';
import type { DebugCheck, PendingTask } from '../../flow.ts';
import type { OwnerFilter } from '../../tasks/actor.ts';
import { listVisibleTasks } from '../../tasks/task-queries.ts';
import { findTask } from '../../tasks/task-rows.ts';

export interface DebugDeps {
  database: Database;
  fleet: WorkerRegistry;
  spine: Spine;
}

/** Every task that has not ended, with where it is now (CL8). */
export async function listPending(
  { database, fleet, spine }: DebugDeps,
  owner: OwnerFilter,
): Promise<PendingTask[]> {
  const { rows } = await listVisibleTasks(database, owner, {
    states: ['held', 'queued', 'running'],
    limit: 1000,
  });
  return rows.map((task) => {
    const running = spine.dispatcher.find(task.id);
    const worker = running ? fleet.find(running.workerId) : null;
    const follower = running
      ? spine.links.findTracker(running.workerId)?.find(running.attempt.prompt_id)
      : null;
    return {
      taskId: task.id as TaskId,
      state: task.state,
      ageMs: database.nowMs() - task.created_at,
      workflowName: task.workflow_name,
      workerName: worker?.name ?? null,
      promptId: running?.attempt.prompt_id ?? null,
      connection: worker?.snapshot().socketState ?? null,
      phase: follower?.phase ?? null,
    };
  });
}

/** Looks for one task on its worker now; a complete history finishes it (CL9). Never throws for a worker that does not answer. */
export async function checkTask(deps: DebugDeps, owner: OwnerFilter, id: string): Promise<DebugCheck> {
  const task = await findByTaskOrPrompt(deps.database, owner, id);
  const running = deps.spine.dispatcher.find(task.id);
  if (!running) return toCheck(task, 'not_submitted', null);
  const place = await findPlace(deps, running.workerId, running.attempt.prompt_id);
  await deps.spine.links.findTracker(running.workerId)?.find(running.attempt.prompt_id)?.check();
  const [after] = await deps.database.read(findTask(deps.database.k, task.id));
  return toCheck(after ?? task, place.place, place.error);
}

async function findPlace(
  { fleet }: DebugDeps,
  workerId: WorkerId,
  promptId: string,
): Promise<{ place: DebugCheck['place']; error: RecordedError | null }> {
  const worker = fleet.find(workerId);
  try {
    if (!worker) throw new AppError('WORKER_NOT_FOUND', { worker_id: workerId });
    const { running, pending } = await worker.http.loadQueue();
    if (running.some((item) => item.promptId === promptId)) return { place: 'running', error: null };
    if (pending.some((item) => item.promptId === promptId)) return { place: 'pending', error: null };
    return { place: (await worker.http.loadHistory(promptId)) ? 'history' : 'absent', error: null };
  } catch (thrown) {
    const error = new AppError('WORKER_UNREACHABLE', { cause: toError(thrown).message });
    return { place: 'unreachable', error: error.toRecord() };
  }
}

async function findByTaskOrPrompt(database: Database, owner: OwnerFilter, id: string): Promise<TaskRow> {
  const rows = await database.read(
    database.k
      .selectFrom('task')
      .selectAll()
      .where((eb) => eb.or([eb('id', '=', id), eb('prompt_id', '=', id)]))
      .limit(1),
  );
  const [task] = rows;
  if (!task || (owner.kind === 'own' && task.owner_id !== owner.ownerId))
    throw new AppError('TASK_NOT_FOUND', { id });
  return task;
}

function toCheck(task: TaskRow, place: DebugCheck['place'], error: RecordedError | null): DebugCheck {
  return { taskId: task.id as TaskId, state: task.state, place, finished: isTerminal(task.state), error };
}
