import type { AssetId, OutputKind, PrincipalId, TaskId, Upload } from '@comfleet/contract';
import type { Database, Write } from '../../../platform/database/database.ts';
import { AppError } from '../../../platform/errors/app-error.ts';
import { toAssetRecord } from '../../assets/asset-record.ts';
import { findTaskAssets } from '../../assets/asset-rows.ts';
import type { AssetRow } from '../../assets/asset-tables.ts';
import type { Assets } from '../../assets/assets.ts';
import type { BlobStore } from '../../assets/blob-store.ts';
import type { FlowTables } from '../../flow-tables.ts';
import type { Actor } from '../../ownership/actor.ts';
import { visibleTo } from '../../ownership/owner-filter.ts';
import { findKeySubject, writeKey } from '../../tasks/idempotency-keys.ts';
import { loadVisibleTask } from '../../tasks/task-queries.ts';

/** Bytes with what a door needs to send them. */
export interface ContentStream {
  assetId: AssetId;
  name: string;
  contentType: string;
  sizeBytes: number;
  /** blake3 hex. */
  hash: string;
  kind: OutputKind | 'upload';
  createdAtMs: number;
  open(range?: { start: number; end: number }): AsyncIterable<Uint8Array>;
}

/** An asset as comfy-v2 and uploads see it. */
export interface AssetRecord {
  id: AssetId;
  ownerId: PrincipalId;
  taskId: TaskId | null;
  nodeId: string | null;
  kind: OutputKind | 'upload';
  name: string;
  filePath: string | null;
  contentType: string;
  sizeBytes: number;
  hash: string;
  width: number | null;
  height: number | null;
  tags: readonly string[];
  createdAtMs: number;
  expiresAtMs: number | null;
}

export interface AssetUpload {
  name: string;
  contentType: string;
  bytes: AsyncIterable<Uint8Array>;
  /** At most; absent if unknown. */
  sizeBytes?: number | undefined;
  filePath?: string;
  tags?: readonly string[];
  /** blake3 hex declared by the caller; if it differs, the upload is refused (CONFLICT, details.reason hash_mismatch). */
  expectedHash?: string;
  expiresInSeconds?: number;
  /** Single-use: IDEMPOTENCY_CONFLICT if the key was used by an earlier upload. Claimed only together with the record. */
  idempotency?: { key: string; bodyHash: string };
  /** `picture`: only jpg, png, webp within limits (native uploads); `any`: comfy-v2. */
  accept: 'picture' | 'any';
}

/** What doors may do with uploads and outputs. An asset of another owner looks unknown: ASSET_NOT_FOUND. */
export interface AssetCalls {
  create(actor: Actor, upload: AssetUpload): Promise<{ asset: AssetRecord; blobWasNew: boolean }>;
  /** Null if the actor may use no blob of that hash; `existed` if there was an identical reference. */
  createFromHash(
    actor: Actor,
    request: { hash: string; filePath?: string; tags?: readonly string[]; expiresInSeconds?: number },
  ): Promise<{ asset: AssetRecord; existed: boolean } | null>;
  hasHash(actor: Actor, hash: string): Promise<boolean>;
  load(actor: Actor, id: AssetId): Promise<AssetRecord>;
  listUploads(actor: Actor, limit: number): Promise<AssetRecord[]>;
  /** CONFLICT with details.reason asset_in_use while a waiting or running task needs it. */
  remove(actor: Actor, id: AssetId): Promise<void>;
  /** One result of a finished task. Throws TASK_NOT_FINISHED or RESULT_NOT_FOUND. */
  openResult(actor: Actor, task: TaskId, index: number): Promise<ContentStream>;
  open(actor: Actor, id: AssetId): Promise<ContentStream>;
  /** For signed links: the link is the permission. */
  openSigned(id: AssetId): Promise<ContentStream>;
  toUpload(record: AssetRecord): Upload;
}

export interface AssetCallsDeps {
  database: Database<FlowTables>;
  assets: Assets;
  blobs: BlobStore;
  /** Lifetime of uploads that nothing refers to. */
  uploadLifeMs: () => number;
  /** Signed link to an asset's bytes. */
  linkTo: (assetId: AssetId) => string;
}

/** One result of a finished task. Throws TASK_NOT_FINISHED or RESULT_NOT_FOUND. */
async function openResult(
  { database, blobs }: AssetCallsDeps,
  actor: Actor,
  { id, index }: { id: TaskId; index: number },
): Promise<ContentStream> {
  const task = await loadVisibleTask(database, visibleTo(actor), id);
  if (task.state !== 'succeeded') throw new AppError('TASK_NOT_FINISHED', { status: task.state });
  const asset = (await database.read(findTaskAssets(database.k, id))).find(
    (row) => row.output_index === index,
  );
  if (!asset) throw new AppError('RESULT_NOT_FOUND', { task_id: id, index });
  return toContent(blobs, asset);
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

export function createAssetCalls(deps: AssetCallsDeps): AssetCalls {
  const { assets, blobs, uploadLifeMs, linkTo } = deps;
  return {
    create: async (actor, upload) => {
      const { idempotency } = upload;
      const claim = idempotency && (await prepareClaim(deps, actor, idempotency));
      const { row, blobWasNew } = await assets.create({
        ownerId: actor.id,
        name: upload.name,
        contentType: upload.contentType,
        bytes: upload.bytes,
        sizeBytes: upload.sizeBytes,
        filePath: upload.filePath ?? null,
        tags: upload.tags ?? [],
        expectedHash: upload.expectedHash ?? null,
        lifeMs: upload.expiresInSeconds ? upload.expiresInSeconds * 1000 : uploadLifeMs(),
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
        lifeMs: request.expiresInSeconds ? request.expiresInSeconds * 1000 : uploadLifeMs(),
      });
      return made ? { asset: toAssetRecord(made.row), existed: made.existed } : null;
    },
    hasHash: (actor, hash) => assets.hasHash(actor.id, hash),
    load: async (actor, id) => toAssetRecord(await assets.load(visibleTo(actor), id)),
    listUploads: async (actor, limit) =>
      (await assets.listUploads(visibleTo(actor), limit)).map(toAssetRecord),
    remove: (actor, id) => assets.remove(actor, id),
    openResult: (actor, id, index) => openResult(deps, actor, { id, index }),
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
      url: linkTo(record.id),
    }),
  };
}

const UPLOAD_KEYS = 'comfy-v2-assets';

/** Refuses a key that an earlier upload used; otherwise returns the write that claims it together with the record. */
async function prepareClaim(
  { database }: AssetCallsDeps,
  actor: Actor,
  idempotency: { key: string; bodyHash: string },
): Promise<(assetId: AssetId) => Write> {
  const claimed = { door: UPLOAD_KEYS, ...idempotency };
  const known = await findKeySubject(database, actor.id, claimed);
  if (known !== null) throw new AppError('IDEMPOTENCY_CONFLICT', { key: idempotency.key });
  return (assetId) =>
    writeKey(database, { ownerId: actor.id, subjectId: assetId, atMs: database.nowMs(), ...claimed });
}
