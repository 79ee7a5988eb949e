import type { AuditOutcome } from '@comfleet/contract';
import type { Database, Write } from '../../platform/database/database.ts';
import type { AuditRow, AuditTables } from './audit-tables.ts';

/** Which entries to list; what is absent does not narrow. */
export interface AuditFilter {
  /** Id or name. */
  readonly actor?: string | undefined;
  /** An action, or the first word of several: `user`. */
  readonly action?: string | undefined;
  readonly outcome?: AuditOutcome | undefined;
  /** Id or name. */
  readonly object?: string | undefined;
  readonly sinceMs?: number | undefined;
  readonly untilMs?: number | undefined;
  readonly cursor?: string | undefined;
  readonly limit: number;
}

const PAGE = 500;

export function insertEntry(db: Database<AuditTables>, row: AuditRow): Write {
  return { query: db.k.insertInto('audit').values(row) };
}

export function listEntryRows(db: Database<AuditTables>, filter: AuditFilter): Promise<AuditRow[]> {
  const { actor, action, outcome, object, sinceMs, untilMs, cursor, limit } = filter;
  let query = db.k.selectFrom('audit').selectAll().orderBy('id', 'desc').limit(limit);
  if (actor !== undefined)
    query = query.where((eb) => eb.or([eb('actor_id', '=', actor as never), eb('actor_name', '=', actor)]));
  if (object !== undefined)
    query = query.where((eb) => eb.or([eb('object_id', '=', object), eb('object_name', '=', object)]));
  if (action !== undefined)
    query = action.includes('.')
      ? query.where('action', '=', action as never)
      : // `/` is the character after the dot.
        query.where('action', '>=', `${action}.` as never).where('action', '<', `${action}/` as never);
  if (outcome !== undefined) query = query.where('outcome', '=', outcome);
  if (sinceMs !== undefined) query = query.where('at', '>=', sinceMs);
  if (untilMs !== undefined) query = query.where('at', '<', untilMs);
  if (cursor !== undefined) query = query.where('id', '<', cursor);
  return db.read(query);
}

/** Deletes entries older than that, a page at a time: ids begin with the time. */
export async function deleteEntriesBefore(db: Database<AuditTables>, beforeMs: number): Promise<void> {
  for (;;) {
    const old = await db.read(
      db.k.selectFrom('audit').select('id').where('at', '<', beforeMs).orderBy('id').limit(PAGE),
    );
    if (old.length === 0) return;
    const ids = old.map(({ id }) => id);
    await db.commit([{ query: db.k.deleteFrom('audit').where('id', 'in', ids) }]);
  }
}
