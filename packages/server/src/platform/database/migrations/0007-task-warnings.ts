import type { TableSpec } from '../table-spec.ts';

/** Warnings about a task. */
export const tables: readonly TableSpec[] = [
  {
    name: 'task_warning',
    columns: { task_id: 'id', source: 'word', warnings: 'json', at: 'time' },
    primary: ['task_id', 'source'],
  },
];
