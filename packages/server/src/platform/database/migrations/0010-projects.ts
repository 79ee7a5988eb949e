import type { ColumnAddition, IndexSpec, TableSpec } from '../table-spec.ts';

/** Projects, their members besides the owner, and what belongs to them. */
export const tables: readonly TableSpec[] = [
  {
    name: 'project',
    columns: { id: 'id', owner_id: 'id', name: 'word', description: 'text?', created_at: 'time' },
    primary: ['id'],
    indexes: [{ columns: ['owner_id'] }],
  },
  {
    name: 'project_member',
    columns: { project_id: 'id', principal_id: 'id', role: 'word', added_at: 'time' },
    primary: ['project_id', 'principal_id'],
    indexes: [{ columns: ['principal_id'] }],
  },
];

export const columns: readonly ColumnAddition[] = [
  { table: 'batch', column: 'project_id', type: 'id?' },
  { table: 'asset', column: 'project_id', type: 'id?' },
];

export const indexes: readonly IndexSpec[] = [
  { table: 'task', columns: ['project_id', 'id'] },
  { table: 'batch', columns: ['project_id', 'id'] },
  { table: 'asset', columns: ['project_id', 'id'] },
];
