import type { AssetRecord } from '../../flow/calls/assets/asset-calls.ts';
import type { Surface } from './surface.ts';

/** A record as the contract's Asset. An upload has no job_id; the answer to a creation says whether the blob is new. */
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
