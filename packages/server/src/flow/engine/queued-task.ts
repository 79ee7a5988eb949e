import { toWorkflowKey } from '../estimates/run-durations.ts';
import type { PlacedPrompt } from '../placement/board-worker.ts';
import type { QueuedTask } from '../queue/task-queue.ts';
import type { WaitingRow } from '../tasks/task-queries.ts';

/** A waiting task as the queue stores it. */
export function toQueued(task: WaitingRow, lane: string): QueuedTask {
  return {
    taskId: task.id,
    lane,
    priority: task.priority,
    acceptedSeq: task.accepted_seq,
    ownerId: task.owner_id,
    projectId: task.project_id,
    workflowKey: toWorkflowKey(task),
  };
}

/** A task that is sent to a worker, as the board stores it. */
export function toPrompt(
  task: QueuedTask & { rank: number },
  { taskType, modelsKey }: { taskType: string; modelsKey: string },
): PlacedPrompt {
  const { taskId, ownerId, projectId, workflowKey, lane, rank, acceptedSeq } = task;
  const order = { rank, acceptedSeq };
  return {
    taskId,
    ownerId,
    projectId,
    workflowKey,
    lane,
    ...order,
    taskType,
    modelsKey,
    phase: 'sending',
    startedMs: null,
  };
}
