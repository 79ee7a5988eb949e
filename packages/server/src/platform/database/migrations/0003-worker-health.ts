import type { TableSpec } from '../table-spec.ts';

/** Worker history, and which ComfyUI each address belongs to. */
export const tables: readonly TableSpec[] = [
  {
    name: 'worker_event',
    columns: {
      id: 'id',
      worker_id: 'id',
      type: 'word',
      at: 'time',
      cause: 'text',
      details: 'json?',
      duration_ms: 'int?',
    },
    primary: ['id'],
    indexes: [{ columns: ['worker_id', 'id'] }, { columns: ['at'] }],
  },
  {
    name: 'worker_identity',
    columns: { worker_id: 'id', url: 'text', identity: 'json', seen_at: 'time' },
    primary: ['worker_id'],
  },
];
