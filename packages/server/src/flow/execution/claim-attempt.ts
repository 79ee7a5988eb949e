import type { Id, IdKind, TaskId, WorkerId } from '@comfleet/contract';
import type { Database, Write } from '../../platform/database/database.ts';
import type { TaskJournal } from '../tasks/task-journal.ts';
import type { AttemptRow, TaskRow, TaskTables } from '../tasks/task-tables.ts';

export interface ClaimDeps {
  database: Database<TaskTables>;
  journal: TaskJournal;
  createId: <K extends IdKind>() => Id<K>;
  writeNewAttempt: (row: AttemptRow) => Write;
  /** Stores the fingerprint of what the attempt runs with. */
  writeFingerprint: (task: TaskRow, attempt: AttemptRow) => Write;
  /** Requirements of a task with what only this worker reports about them; null when nothing changes. */
  amendNeeds: (task: TaskRow, workerId: WorkerId) => string | null;
  /** Details for the claim's event: the task's expected duration on this worker. */
  describeClaim: (task: TaskRow, workerId: WorkerId) => Record<string, unknown>;
}

/** Where a claimed task is to run. `placed` explains why, and is stored with the claim's event. */
export interface ClaimedPlace {
  workerId: WorkerId;
  socketId: string;
  placed: object;
}

/** Claims a waiting task for a worker in SQL, with the id of its future prompt. Returns null when it no longer waits. */
export async function claimAttempt(
  deps: ClaimDeps,
  taskId: TaskId,
  { workerId, socketId, placed }: ClaimedPlace,
): Promise<{ task: TaskRow; attempt: AttemptRow } | null> {
  const { database, journal, createId, writeNewAttempt, writeFingerprint, describeClaim } = deps;
  const attemptId = createId<'attempt'>();
  const promptId = createId();
  let attempt: AttemptRow | null = null;
  const task = await journal.change(taskId, (row) => {
    attempt = {
      id: attemptId,
      task_id: row.id,
      owner_id: row.owner_id,
      number: row.epoch + 1,
      epoch: row.epoch + 1,
      worker_id: workerId,
      prompt_id: promptId,
      socket_id: socketId,
      state: 'claimed',
      ending: null,
      error: null,
      created_at: database.nowMs(),
      submitted_at: null,
      started_at: null,
      ended_at: null,
    };
    const details = { ...describeClaim(row, workerId), placement: placed };
    const requirements = deps.amendNeeds(row, workerId);
    const lane = requirements === null ? {} : { lane: { stored: row.lane, requirements } };
    return {
      changes: [{ type: 'attempt.claimed', attemptId, workerId, promptId, details, ...lane }],
      writes: [writeNewAttempt(attempt), writeFingerprint(row, attempt)],
    };
  });
  return task && attempt ? { task, attempt } : null;
}
