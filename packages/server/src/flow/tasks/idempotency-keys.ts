import { type Id, type PrincipalId, parseId } from '@comfleet/contract';
import type { Database, Write } from '../../platform/database/database.ts';
import { statement } from '../../platform/database/statement.ts';
import { AppError } from '../../platform/errors/app-error.ts';
import type { IdempotencyRow, TaskTables } from './task-tables.ts';

/** The key of a request; keys of different doors are separate. */
export interface KeyUse {
  door: string;
  key: string;
  bodyHash: string;
}

type SubjectKind = 'task' | 'batch' | 'asset';

type KeyColumns = { [K in keyof IdempotencyRow]: IdempotencyRow[K] };

const selectKey = statement<TaskTables, Pick<KeyColumns, 'owner_id' | 'door' | 'key'>, IdempotencyRow>(
  (k, p) =>
    k
      .selectFrom('idempotency')
      .selectAll()
      .where('owner_id', '=', p.owner_id)
      .where('door', '=', p.door)
      .where('key', '=', p.key),
);
const insertKey = statement<TaskTables, KeyColumns>((k, p) =>
  k.insertInto('idempotency').values({
    owner_id: p.owner_id,
    door: p.door,
    key: p.key,
    body_hash: p.body_hash,
    subject_id: p.subject_id,
    created_at: p.created_at,
  }),
);

/**
 * Finds what a key created; null for an unused key. `K` is what requests of its door create. Throws IDEMPOTENCY_CONFLICT when the
 * key was used with another body.
 */
export async function findKeySubject<K extends SubjectKind>(
  database: Database<TaskTables>,
  ownerId: PrincipalId,
  { door, key, bodyHash }: KeyUse,
): Promise<Id<K> | null> {
  const [known] = await database.read(selectKey(database.k, { owner_id: ownerId, door, key }));
  if (!known) return null;
  if (known.body_hash !== bodyHash) throw new AppError('IDEMPOTENCY_CONFLICT', { key });
  const subject = parseId<K>(known.subject_id);
  if (subject === null) throw new AppError('INTERNAL', { reason: 'a key stands for no id', key });
  return subject;
}

/** Loads what a just used key created. Throws as `findKeySubject`, and UNAVAILABLE when it is gone. */
export async function loadKeySubject<K extends SubjectKind>(
  database: Database<TaskTables>,
  ownerId: PrincipalId,
  use: KeyUse,
): Promise<Id<K>> {
  const known = await findKeySubject<K>(database, ownerId, use);
  if (known === null) throw new AppError('UNAVAILABLE', { reason: 'the key vanished while it was read' });
  return known;
}

/** Claims a key for what the same commit creates; a used key makes the commit fail as a duplicate. */
export function writeKey(
  database: Database<TaskTables>,
  key: { ownerId: PrincipalId; door: string; key: string; bodyHash: string; subjectId: string; atMs: number },
): Write {
  return {
    query: insertKey(database.k, {
      owner_id: key.ownerId,
      door: key.door,
      key: key.key,
      body_hash: key.bodyHash,
      subject_id: key.subjectId,
      created_at: key.atMs,
    }),
  };
}
