import type { PlanChange } from './task-journal.ts';
import type { TaskRow } from './task-tables.ts';

/** Plans a cancel: a waiting task ends at once, and its secrets are deleted; for a running one the request is stored. */
export function planCancel(
  actor: string,
  secrets: { writesAtEnd: (task: TaskRow) => NonNullable<ReturnType<PlanChange>>['writes'] },
): PlanChange {
  return (task) => {
    if (task.cancel_requested_at !== null) return null;
    const requested = { type: 'task.cancel_requested', actor } as const;
    if (task.state === 'running') return { changes: [requested] };
    return { changes: [requested, { type: 'task.canceled', actor }], writes: secrets.writesAtEnd(task) };
  };
}
