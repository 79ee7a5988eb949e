import type { AssetId, TaskId, Upload } from '@comfleet/contract';
import type { Write } from '../../../platform/database/database.ts';
import type { AssetRow } from '../../../platform/database/schema.ts';
import { AppError } from '../../../platform/errors/app-error.ts';
import { findTaskAssets } from '../../assets/asset-rows.ts';
import { toAssetRecord } from '../../assets/assets.ts';
import type { BlobStore } from '../../assets/blob-store.ts';
import type { ContentStream, Flow } from '../../flow.ts';
import type { Stages } from '../../stages.ts';
import { findKeySubject, writeKey } from '../../tasks/accept-tasks.ts';
import type { Actor } from '../../tasks/actor.ts';
import { loadVisibleTask } from '../../tasks/task-queries.ts';

/** One result of a finished task. Throws TASK_NOT_FINISHED or RESULT_NOT_FOUND. */
export async function openResult(
  stages: Stages,
  actor: Actor,
  { id, index }: { id: TaskId; index: number },
): Promise<ContentStream> {
  const task = await loadVisibleTask(stages.database, stages.visibleTo(actor), id);
  if (task.state !== 'succeeded') throw new AppError('TASK_NOT_FINISHED', { status: task.state });
  const asset = (await stages.database.read(findTaskAssets(stages.database.k, id))).find(
    (row) => row.output_index === index,
  );
  if (!asset) throw new AppError('RESULT_NOT_FOUND', { task_id: id, index });
  return toContent(stages.blobs, asset);
}

function toContent(blobs: BlobStore, row: AssetRow): ContentStream {
  const { id, name, contentType, sizeBytes, hash, kind, createdAtMs } = toAssetRecord(row);
  return {
    assetId: id,
    name,
    contentType,
    sizeBytes,
    hash,
    kind,
    createdAtMs,
    open: (range) => blobs.open(hash, range),
  };
}

/** What doors may do with uploads and outputs. */
export function createAssetCalls(stages: Stages): Flow['assets'] {
  const { assets, blobs, visibleTo } = stages;
  return {
    create: async (actor, upload) => {
      const { idempotency } = upload;
      const claim = idempotency && (await prepareClaim(stages, actor, idempotency));
      const { row, blobWasNew } = await assets.create({
        ownerId: actor.id,
        name: upload.name,
        contentType: upload.contentType,
        bytes: upload.bytes,
        filePath: upload.filePath ?? null,
        tags: upload.tags ?? [],
        expectedHash: upload.expectedHash ?? null,
        lifeMs: upload.expiresInSeconds
          ? upload.expiresInSeconds * 1000
          : stages.options.assetLimits.uploadLifeMs,
        accept: upload.accept,
        ...(claim ? { claim } : {}),
      });
      return { asset: toAssetRecord(row), blobWasNew };
    },
    createFromHash: async (actor, request) => {
      const made = await assets.createFromHash({
        ownerId: actor.id,
        hash: request.hash,
        filePath: request.filePath ?? null,
        tags: request.tags ?? [],
        lifeMs: request.expiresInSeconds
          ? request.expiresInSeconds * 1000
          : stages.options.assetLimits.uploadLifeMs,
      });
      return made ? { asset: toAssetRecord(made.row), existed: made.existed } : null;
    },
    hasHash: (actor, hash) => assets.hasHash(actor.id, hash),
    load: async (actor, id) => toAssetRecord(await assets.load(visibleTo(actor), id)),
    listUploads: async (actor, limit) =>
      (await assets.listUploads(visibleTo(actor), limit)).map(toAssetRecord),
    remove: (actor, id) => assets.remove(visibleTo(actor), id),
    open: async (actor, id) => toContent(blobs, await assets.load(visibleTo(actor), id)),
    openSigned: async (id: AssetId) => toContent(blobs, await assets.load({ kind: 'all' }, id)),
    toUpload: (record): Upload => ({
      upload_id: record.id,
      name: record.name,
      content_type: record.contentType,
      size_bytes: record.sizeBytes,
      hash: `blake3:${record.hash}`,
      width: record.width,
      height: record.height,
      created_at: new Date(record.createdAtMs).toISOString(),
      url: stages.linkTo(record.id),
    }),
  };
}

const UPLOAD_KEYS = 'comfy-v2-assets';

/** Refuses a key that made an upload before; else the write that claims it together with the record. */
async function prepareClaim(
  { database }: Stages,
  actor: Actor,
  idempotency: { key: string; bodyHash: string },
): Promise<(assetId: string) => Write> {
  const claimed = { door: UPLOAD_KEYS, ...idempotency };
  const known = await findKeySubject(database, actor.id, claimed);
  if (known !== null) throw new AppError('IDEMPOTENCY_CONFLICT', { key: idempotency.key });
  return (assetId) =>
    writeKey(database, { ownerId: actor.id, subjectId: assetId, atMs: database.nowMs(), ...claimed });
}
