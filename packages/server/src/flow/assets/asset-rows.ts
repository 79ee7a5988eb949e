import type { AssetId, TaskId } from '@comfleet/contract';
import type { Kysely } from 'kysely';
import type { Database, Write } from '../../platform/database/database.ts';
import { insertMissing } from '../../platform/database/insert-missing.ts';
import { statement } from '../../platform/database/statement.ts';
import type { AssetRow, AssetTables, BlobRow } from './asset-tables.ts';

const insertAsset = statement<AssetTables, { [K in keyof AssetRow]: AssetRow[K] }>((k, p) =>
  k.insertInto('asset').values({
    id: p.id,
    owner_id: p.owner_id,
    project_id: p.project_id,
    task_id: p.task_id,
    attempt_id: p.attempt_id,
    node_id: p.node_id,
    output_index: p.output_index,
    kind: p.kind,
    name: p.name,
    content_type: p.content_type,
    size_bytes: p.size_bytes,
    blob_hash: p.blob_hash,
    file_path: p.file_path,
    width: p.width,
    height: p.height,
    tags: p.tags,
    created_at: p.created_at,
    expires_at: p.expires_at,
    deleted_at: p.deleted_at,
  }),
);

const insertMissingBlob = insertMissing<AssetTables, 'blob', { [K in keyof BlobRow]: BlobRow[K] }>((k, p) =>
  k.insertInto('blob').values({ hash: p.hash, size_bytes: p.size_bytes, created_at: p.created_at }),
);

export function writeAsset(k: Kysely<AssetTables>, row: AssetRow): Write {
  return { query: insertAsset(k, { ...row }) };
}

/** Adds a blob's row unless it exists. */
export function writeBlob(database: Pick<Database<AssetTables>, 'k' | 'driver'>, row: BlobRow): Write {
  return { query: insertMissingBlob(database, { ...row }) };
}

/** Limit of results that are read; a task may make any number of files. */
const MAX_RESULTS = 100_000;

const selectTaskAssets = statement<AssetTables, { taskId: TaskId }, AssetRow>((k, p) =>
  k
    .selectFrom('asset')
    .selectAll()
    .where('task_id', '=', p.taskId)
    .where('deleted_at', 'is', null)
    .orderBy('output_index')
    .limit(MAX_RESULTS),
);

/** Selects the results of a task, in their order. */
export function findTaskAssets(k: Kysely<AssetTables>, taskId: TaskId) {
  return selectTaskAssets(k, { taskId });
}

const selectAsset = statement<AssetTables, { id: AssetId }, AssetRow>((k, p) =>
  k.selectFrom('asset').selectAll().where('id', '=', p.id).where('deleted_at', 'is', null),
);

export function findAsset(k: Kysely<AssetTables>, id: AssetId) {
  return selectAsset(k, { id });
}
