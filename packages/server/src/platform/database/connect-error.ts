import type { DefinitionText } from '@comfleet/contract/texts/definitions';
import { createProblem } from '../config/config-problem.ts';
import { AppError, toError } from '../errors/app-error.ts';
import type { ServerAddress } from './server-pool.ts';

/* PostgreSQL 28P01, 28000: access denied; 3D000: no such database. MySQL and MariaDB 1045, 1044, 1698; 1049. */
const REASONS = new Map<string, DefinitionText['code']>([
  ['28P01', 'config.database_user'],
  ['28000', 'config.database_user'],
  ['ER_ACCESS_DENIED_ERROR', 'config.database_user'],
  ['ER_ACCESS_DENIED_NO_PASSWORD_ERROR', 'config.database_user'],
  ['ER_DBACCESS_DENIED_ERROR', 'config.database_access'],
  ['3D000', 'config.no_database'],
  ['ER_BAD_DB_ERROR', 'config.no_database'],
]);

/** Why connecting failed: CONFIG_INVALID if the settings are wrong, else UNAVAILABLE. */
export function toConnectError(thrown: unknown, { host, port, database }: ServerAddress): AppError {
  if (thrown instanceof AppError) return thrown;
  const code = typeof thrown === 'object' && thrown !== null && 'code' in thrown ? String(thrown.code) : '';
  const reason = REASONS.get(code);
  if (reason) {
    const place = `${host}:${port}/${database}`;
    const problem = createProblem('database', null, { code: reason, params: { place } });
    return new AppError('CONFIG_INVALID', { problems: [problem] }, { cause: thrown });
  }
  return new AppError('UNAVAILABLE', { reason: 'no_connection' }, { cause: toError(thrown) });
}
