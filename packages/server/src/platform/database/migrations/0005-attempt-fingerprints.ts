import type { TableSpec } from '../table-spec.ts';

/** What each attempt ran with. */
export const tables: readonly TableSpec[] = [
  {
    name: 'attempt_fingerprint',
    columns: { task_id: 'id', attempt_id: 'id', fingerprint: 'json' },
    primary: ['task_id', 'attempt_id'],
  },
];
