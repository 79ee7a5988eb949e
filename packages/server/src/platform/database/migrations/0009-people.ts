import type { ColumnAddition, IndexSpec } from '../table-spec.ts';

/** Users have a login and a role; tokens are listed by an id, with what tells them apart. */
export const columns: readonly ColumnAddition[] = [
  { table: 'principal', column: 'login', type: 'word?' },
  { table: 'principal', column: 'role', type: 'word?' },
  { table: 'principal', column: 'secret_set_at', type: 'time?' },
  { table: 'principal', column: 'last_sign_in_at', type: 'time?' },
  { table: 'token', column: 'id', type: 'id?' },
  { table: 'token', column: 'name', type: 'word?' },
  { table: 'token', column: 'scopes', type: 'json?' },
  { table: 'token', column: 'address', type: 'word?' },
  { table: 'token', column: 'user_agent', type: 'text?' },
  { table: 'token', column: 'last_used_at', type: 'time?' },
];

/** `login` is null for everyone but users; null values never collide. */
export const indexes: readonly IndexSpec[] = [
  { table: 'principal', columns: ['login'], unique: true },
  { table: 'token', columns: ['id'] },
];
