import type { OutputKind } from '@comfleet/contract';
import type { AssetRow } from './asset-tables.ts';

/** An asset as doors see it. */
export function toAssetRecord(row: AssetRow) {
  return {
    id: row.id,
    ownerId: row.owner_id,
    taskId: row.task_id,
    nodeId: row.node_id,
    kind: row.kind as OutputKind | 'upload',
    name: row.name,
    filePath: row.file_path,
    contentType: row.content_type,
    sizeBytes: row.size_bytes,
    hash: row.blob_hash,
    width: row.width,
    height: row.height,
    tags: row.tags === null ? [] : (JSON.parse(row.tags) as string[]),
    createdAtMs: row.created_at,
    expiresAtMs: row.expires_at,
  };
}
