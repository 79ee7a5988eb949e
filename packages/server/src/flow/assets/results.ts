import type { TaskId } from '@comfleet/contract';
import type { Database } from '../../platform/database/database.ts';
import { findTaskAssets } from './asset-rows.ts';
import type { AssetRow, AssetTables } from './asset-tables.ts';
import type { BlobStore } from './blob-store.ts';

const MAX_RESULTS = 20_000;
const MAX_TEXT_BYTES = 64 * 1024;

/** Results of tasks, in the order in which each task made them. */
export async function findResults(
  database: Database<AssetTables>,
  taskIds: readonly TaskId[],
): Promise<AssetRow[]> {
  const [only] = taskIds;
  if (taskIds.length === 1 && only) return database.read(findTaskAssets(database.k, only));
  return database.read(
    database.k
      .selectFrom('asset')
      .selectAll()
      .where('task_id', 'in', [...taskIds])
      .where('deleted_at', 'is', null)
      .orderBy('output_index')
      .limit(MAX_RESULTS),
  );
}

/** The content of a text output; null for one above 64 kB. */
export async function loadText(blobs: BlobStore, asset: AssetRow): Promise<string | null> {
  if (asset.size_bytes > MAX_TEXT_BYTES) return null;
  const chunks: Uint8Array[] = [];
  for await (const chunk of blobs.open(asset.blob_hash)) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
