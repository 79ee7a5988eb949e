import type { Database, Write } from '../../platform/database/database.ts';
import { AppError } from '../../platform/errors/app-error.ts';

/** Commits writes of which none is expected to be refused. Throws CONFLICT if one is. */
export async function commitAll<Tables>(db: Database<Tables>, writes: readonly Write[]): Promise<void> {
  const outcome = await db.commit(writes);
  if (outcome.kind === 'refused') throw new AppError('CONFLICT', { reason: outcome.reason });
}
