import { type Id, lowestId, type PrincipalId, type ProjectId, type TaskState } from '@comfleet/contract';
import type { Database, Write } from '../../platform/database/database.ts';
import type { PrincipalRow } from '../identity/identity-tables.ts';
import type { QuotaRow, QuotaTables } from './quota-tables.ts';

/** Whose rows are counted. */
export type CountedSubject =
  | { readonly column: 'owner_id'; readonly id: PrincipalId }
  | { readonly column: 'project_id'; readonly id: ProjectId };

/** From its start, before its end; epoch ms. Without an end: until now. */
export interface Period {
  readonly sinceMs: number;
  readonly untilMs?: number;
}

type Db = Database<QuotaTables>;

const MAX_OVERRIDES = 100_000;
/** Ids begin with the time at which they were made, which the clock of a database may differ from. */
const CLOCKS_APART_MS = 3_600_000;
/** The last time that an id can have. */
const MAX_TIME_MS = 2 ** 48 - 1;

export function listOverrideRows(db: Db): Promise<QuotaRow[]> {
  return db.read(db.k.selectFrom('quota').selectAll().orderBy('subject_id').limit(MAX_OVERRIDES));
}

/** What decides which defaults are those of a principal. */
export function listPrincipalKinds(
  db: Db,
  limit: number,
): Promise<Pick<PrincipalRow, 'id' | 'kind' | 'self_registered'>[]> {
  const query = db.k.selectFrom('principal').select(['id', 'kind', 'self_registered']);
  return db.read(query.orderBy('id').limit(limit));
}

/** The writes that set the limits of a subject, whether it has some or not. */
export function putOverride(db: Db, row: QuotaRow): Write[] {
  return [deleteOverride(db, row.subject_id), { query: db.k.insertInto('quota').values(row) }];
}

export function deleteOverride(db: Db, id: string): Write {
  return { query: db.k.deleteFrom('quota').where('subject_id', '=', id) };
}

/** Tasks in some states, or accepted in a time (from its start, before its end). */
export async function countTasks(
  db: Db,
  subject: CountedSubject,
  which: { states: readonly TaskState[] } | Period,
): Promise<number> {
  let query = db.k.selectFrom('task').select((eb) => eb.fn.countAll().as('count'));
  query = query.where(subject.column, '=', subject.id as never);
  if ('states' in which) query = query.where('state', 'in', which.states);
  else {
    const [first, last] = toIds<'task'>(which);
    query = query.where('created_at', '>=', which.sinceMs).where('id', '>=', first);
    if (which.untilMs !== undefined)
      query = query.where('created_at', '<', which.untilMs).where('id', '<=', last);
  }
  const [row] = await db.read(query);
  return Number(row?.count ?? 0);
}

/** The lowest and the highest id of what was made in a time. */
function toIds<K extends 'task' | 'asset'>({ sinceMs, untilMs = MAX_TIME_MS }: Period): [Id<K>, Id<K>] {
  const first = lowestId<K>(Math.max(0, sinceMs - CLOCKS_APART_MS));
  return [first, lowestId<K>(Math.min(MAX_TIME_MS, untilMs + CLOCKS_APART_MS))];
}

/** Bytes of the files of a subject that are kept. */
export async function sumStored(db: Db, subject: CountedSubject): Promise<number> {
  const query = db.k
    .selectFrom('asset')
    .select((eb) => eb.fn.sum('size_bytes').as('bytes'))
    .where(subject.column, '=', subject.id as never)
    .where('deleted_at', 'is', null);
  const [row] = await db.read(query);
  return Number(row?.bytes ?? 0);
}

/** Bytes that a principal uploaded in a time, deleted files included. */
export async function sumUploaded(db: Db, id: PrincipalId, period: Period): Promise<number> {
  const [first, last] = toIds<'asset'>(period);
  let query = db.k
    .selectFrom('asset')
    .select((eb) => eb.fn.sum('size_bytes').as('bytes'))
    .where('owner_id', '=', id)
    .where('kind', '=', 'upload')
    .where('id', '>=', first)
    .where('created_at', '>=', period.sinceMs);
  if (period.untilMs !== undefined)
    query = query.where('id', '<=', last).where('created_at', '<', period.untilMs);
  const [row] = await db.read(query);
  return Number(row?.bytes ?? 0);
}
