import type { TableSpec } from '../table-spec.ts';

/** What administrators did, and what was refused. Ids are in the order of entries. */
export const tables: readonly TableSpec[] = [
  {
    name: 'audit',
    columns: {
      id: 'id',
      at: 'time',
      action: 'word',
      outcome: 'word',
      code: 'word?',
      actor_id: 'id?',
      actor_kind: 'word?',
      actor_name: 'text?',
      object_kind: 'word?',
      object_id: 'word?',
      object_name: 'text?',
      state_before: 'json?',
      state_after: 'json?',
      door: 'word',
      route: 'word?',
      address: 'word?',
      user_agent: 'text?',
      request_id: 'word?',
      left_out: 'int',
    },
    primary: ['id'],
    indexes: [
      { columns: ['actor_id', 'id'] },
      { columns: ['object_id', 'id'] },
      { columns: ['action', 'id'] },
    ],
  },
];
