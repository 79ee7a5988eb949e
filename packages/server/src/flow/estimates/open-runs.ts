import type { TaskId, WorkerId } from '@comfleet/contract';
import type { TaskEventRow, TaskRow } from '../tasks/task-tables.ts';
import { toWorkflowKey } from './run-durations.ts';

/** A task on a worker that has not ended there. */
export interface OpenRun {
  taskId: TaskId;
  workerId: WorkerId;
  key: string;
  /** When it started to run, epoch ms; null while it waits in the worker's own queue. */
  startedMs: number | null;
  /** False when it may have started while no process of ours was running. */
  readonly measurable: boolean;
}

/** The open tasks of every worker, updated with the events of tasks. */
export class OpenRuns {
  readonly #byTask = new Map<string, OpenRun>();
  readonly #byWorker = new Map<string, Set<OpenRun>>();

  find(taskId: TaskId): OpenRun | null {
    return this.#byTask.get(taskId) ?? null;
  }

  /** Lists the open tasks of a worker in the order in which they were sent. */
  list(workerId: WorkerId): OpenRun[] {
    return [...(this.#byWorker.get(workerId) ?? [])];
  }

  record(task: TaskRow, event: Pick<TaskEventRow, 'type' | 'worker_id'>): void {
    if (event.type === 'attempt.claimed' && event.worker_id !== null) {
      const key = toWorkflowKey(task);
      this.add({ taskId: task.id, workerId: event.worker_id, key, startedMs: null, measurable: true });
    } else if (task.state !== 'running') this.#remove(task.id);
  }

  recordStart(taskId: TaskId, atMs: number): void {
    const run = this.#byTask.get(taskId);
    if (run) run.startedMs ??= atMs;
  }

  add(run: OpenRun): void {
    this.#remove(run.taskId);
    const onWorker = this.#byWorker.get(run.workerId) ?? new Set();
    this.#byWorker.set(run.workerId, onWorker.add(run));
    this.#byTask.set(run.taskId, run);
  }

  #remove(taskId: TaskId): void {
    const run = this.#byTask.get(taskId);
    if (!run) return;
    this.#byTask.delete(taskId);
    const onWorker = this.#byWorker.get(run.workerId);
    onWorker?.delete(run);
    if (onWorker?.size === 0) this.#byWorker.delete(run.workerId);
  }
}
