import type { AssetRecord } from '../../flow/calls/assets/asset-calls.ts';
import type { Surface } from './surface.ts';

/** Converts a record to the contract's Asset. An upload has no job_id; only a creation reports whether the blob is new. */
export function toAsset(record: AssetRecord, surface: Surface, created?: { blobWasNew: boolean }) {
  return {
    id: record.id,
    hash: `blake3:${record.hash}`,
    size_bytes: record.sizeBytes,
    content_type: record.contentType,
    file_path: record.filePath,
    ...(created ? { created_new: created.blobWasNew } : {}),
    created_at: new Date(record.createdAtMs).toISOString(),
    ...surface.linkTo(record.id),
    expires_at: record.expiresAtMs === null ? null : new Date(record.expiresAtMs).toISOString(),
    ...(record.taskId === null ? {} : { job_id: record.taskId }),
  };
}
