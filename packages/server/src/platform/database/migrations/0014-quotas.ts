import type { ColumnAddition, IndexSpec, TableSpec } from '../table-spec.ts';

/** Limits that differ from the configured ones, of users, clients and projects. */
export const tables: readonly TableSpec[] = [
  {
    name: 'quota',
    columns: {
      subject_id: 'id',
      subject_kind: 'word',
      limits: 'json',
      changed_at: 'time',
      changed_by: 'id',
    },
    primary: ['subject_id'],
  },
];

/** 1 for clients that registered themselves; null for those of earlier versions and of admins. */
export const columns: readonly ColumnAddition[] = [
  { table: 'principal', column: 'self_registered', type: 'int?' },
];

/** Waiting tasks are counted by owner. */
export const indexes: readonly IndexSpec[] = [{ table: 'task', columns: ['owner_id', 'state'] }];
