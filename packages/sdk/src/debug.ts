import {
  type CheckedTask,
  checkedTaskSchema,
  type PendingTask,
  pendingTasksSchema,
} from '@comfleet/contract';
import type { PendingEntry, PendingTasks } from './calls/pending-tasks.ts';
import type { CallOptions, HttpTransport } from './http/transport.ts';
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
  readonly checkTaskStatusManually: (id: string, options?: CallOptions) => Promise<CheckedTask | null>;
}

/** Makes the debugging calls of one client. */
export function createDebugCalls(transport: HttpTransport, pending: PendingTasks, log: Log): DebugCalls {
  return {
    pendingTasks: pending.entries,
    debugTaskStatus: async (options = {}) => {
      const request = { ...options, method: 'GET', path: '/api/fleet/debug/pending' } as const;
      const { tasks } = await transport.json(request, pendingTasksSchema);
      log.info(`${tasks.length} open tasks`);
      for (const task of tasks) log.info(describe(task));
      return tasks;
    },
    checkTaskStatusManually: async (id, options = {}) => {
      try {
        const path = `/api/fleet/debug/check/${encodeURIComponent(id)}`;
        const request = { ...options, method: 'POST', path, repeatable: true } as const;
        const checked = await transport.json(request, checkedTaskSchema);
        log.info(`${id}: ${checked.finding}`);
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
