import type { ColumnAddition, IndexSpec, TableSpec } from '../table-spec.ts';

/** Projects, and who works in them. */
export const tables: readonly TableSpec[] = [
  {
    name: 'project',
    columns: {
      id: 'id',
      owner_id: 'id',
      name: 'word',
      description: 'text?',
      created_at: 'time',
      archived_at: 'time?',
    },
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

/**
 * Users have a login, a role, and the subject by which an identity provider knows them; tokens are listed by an id, with what
 * tells them apart; batches and results belong to a project like their tasks.
 */
export const columns: readonly ColumnAddition[] = [
  { table: 'principal', column: 'login', type: 'word?' },
  { table: 'principal', column: 'role', type: 'word?' },
  { table: 'principal', column: 'subject', type: 'word?' },
  { table: 'principal', column: 'secret_set_at', type: 'time?' },
  { table: 'principal', column: 'last_sign_in_at', type: 'time?' },
  { table: 'token', column: 'id', type: 'id?' },
  { table: 'token', column: 'name', type: 'word?' },
  { table: 'token', column: 'scopes', type: 'json?' },
  { table: 'token', column: 'address', type: 'word?' },
  { table: 'token', column: 'user_agent', type: 'text?' },
  { table: 'token', column: 'last_used_at', type: 'time?' },
  { table: 'batch', column: 'project_id', type: 'id?' },
  { table: 'asset', column: 'project_id', type: 'id?' },
];

/** `login` and `subject` are null for everyone but users; null values never collide. */
export const indexes: readonly IndexSpec[] = [
  { table: 'principal', columns: ['login'], unique: true },
  { table: 'principal', columns: ['subject'], unique: true },
  { table: 'token', columns: ['id'] },
  { table: 'task', columns: ['project_id', 'id'] },
  { table: 'batch', columns: ['project_id', 'id'] },
];
