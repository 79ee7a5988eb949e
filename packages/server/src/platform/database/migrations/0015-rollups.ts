import type { TableSpec } from '../table-spec.ts';

/** Statistics of tasks that are no longer kept. */
export const tables: readonly TableSpec[] = [
  {
    name: 'rollup',
    columns: {
      id: 'word',
      version: 'int',
      day: 'word',
      owner_id: 'id',
      project_id: 'id?',
      workflow_name: 'word?',
      worker_id: 'id?',
      succeeded: 'int',
      failed: 'int',
      canceled: 'int',
      expired: 'int',
      attempts: 'int',
      waits: 'json',
      runs: 'json',
    },
    primary: ['id'],
    indexes: [{ columns: ['day'] }],
  },
];
