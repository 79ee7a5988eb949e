import { createProblem } from '../config/config-problem.ts';
import { AppError, toError } from '../errors/app-error.ts';
import type { ServerAddress } from './server-pool.ts';

/* PostgreSQL 28P01, 28000: not let in; 3D000: no such database. MySQL and MariaDB 1045, 1044, 1698; 1049. */
const REASONS = new Map([
  ['28P01', 'the database refuses this user or password'],
  ['28000', 'the database refuses this user or password'],
  ['ER_ACCESS_DENIED_ERROR', 'the database refuses this user or password'],
  ['ER_ACCESS_DENIED_NO_PASSWORD_ERROR', 'the database refuses this user or password'],
  ['ER_DBACCESS_DENIED_ERROR', 'this user may not use this database'],
  ['3D000', 'there is no such database; create it first'],
  ['ER_BAD_DB_ERROR', 'there is no such database; create it first'],
]);

/** Why no connection could be had: CONFIG_INVALID when the settings are wrong, else UNAVAILABLE. */
export function toConnectError(thrown: unknown, { host, port, database }: ServerAddress): AppError {
  if (thrown instanceof AppError) return thrown;
  const code = typeof thrown === 'object' && thrown !== null && 'code' in thrown ? String(thrown.code) : '';
  const message = REASONS.get(code);
  if (message) {
    const problem = createProblem('database', null, `${message} (${host}:${port}/${database})`);
    return new AppError('CONFIG_INVALID', { problems: [problem] }, { cause: thrown });
  }
  return new AppError('UNAVAILABLE', { reason: 'no_connection' }, { cause: toError(thrown) });
}
