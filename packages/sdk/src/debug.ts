import type { PendingTask, TaskCheck } from '@comfleet/contract';
import type { PendingEntry, PendingTasks } from './calls/pending-tasks.ts';
import type { ServiceCalls } from './calls/service.ts';
import type { CallOptions } from './http/transport.ts';
import type { Log } from './platform/console-log.ts';

/** The debugging calls, free to be taken apart: `const { debugTaskStatus } = comfleet.debug`. */
export interface DebugCalls {
  /** The tasks that this client submitted and has not seen end. */
  readonly pendingTasks: ReadonlyMap<string, PendingEntry>;
  /** Every open task of ours on the server, with age, workflow, worker and connection; also written to the log. */
  readonly debugTaskStatus: (options?: CallOptions) => Promise<PendingTask[]>;
  /**
   * Has the server ask the worker about one task now, by prompt id or task id, and finish it when its history is
   * complete. Never throws: what fails is logged, and the answer is null.
   */
  readonly checkTaskStatusManually: (id: string, options?: CallOptions) => Promise<TaskCheck | null>;
}

/** Makes the debugging calls of one client. */
export function createDebugCalls(service: ServiceCalls, pending: PendingTasks, log: Log): DebugCalls {
  return {
    pendingTasks: pending.entries,
    debugTaskStatus: async (options = {}) => {
      const tasks = await service.pendingTasks(options);
      log.info(`${tasks.length} open tasks`);
      for (const task of tasks) log.info(describe(task));
      return tasks;
    },
    checkTaskStatusManually: async (id, options = {}) => {
      try {
        const checked = await service.checkTask(id, options);
        log.info(`${id}: ${checked.status}, the worker says ${checked.place}`);
        return checked;
      } catch (cause) {
        log.error(`Checking ${id} failed`, cause);
        return null;
      }
    },
  };
}

function describe(task: PendingTask): string {
  const where =
    task.worker_name === null ? 'no worker' : `${task.worker_name} (${task.connection ?? 'unknown'})`;
  const age = `${task.age_seconds.toFixed(1)} s`;
  return `${task.task_id} ${task.status} ${age} ${task.workflow_name ?? 'raw graph'} ${where} ${task.prompt_id ?? '-'}`;
}
