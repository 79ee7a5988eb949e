import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { type AssetId, type Id, type IdKind, type PrincipalId, parseId } from '@comfleet/contract';
import type { Database, Write } from '../../platform/database/database.ts';
import { AppError } from '../../platform/errors/app-error.ts';
import { parseDataUrl } from '../../platform/text/data-url.ts';
import type { Actor } from '../ownership/actor.ts';
import {
  matchesOwner,
  type OwnerFilter,
  requireChangeable,
  visibleTo,
  whereOwner,
} from '../ownership/owner-filter.ts';
import type { Admission } from '../tasks/admission.ts';
import type { TaskTables } from '../tasks/task-tables.ts';
import { findAsset, writeAsset, writeBlob } from './asset-rows.ts';
import type { AssetRow, AssetTables } from './asset-tables.ts';
import type { BlobStore, StoredBlob } from './blob-store.ts';
import { checkPicture, type PictureLimits } from './check-picture.ts';
import { readContentType, readPicture } from './content-kind.ts';
import { findInputFile } from './find-input-file.ts';
import { safeName } from './safe-name.ts';

export interface AssetLimits extends PictureLimits {
  /** Limit of uploaded pictures; `fileBytes` is the limit of all other files. */
  pictureBytes: number;
  fileBytes: number;
  /** How long unused uploads are kept. */
  uploadLifeMs: number;
}

export interface NewAsset {
  ownerId: PrincipalId;
  name: string;
  contentType: string;
  bytes: AsyncIterable<Uint8Array>;
  /** At most; absent if unknown. */
  sizeBytes?: number | undefined;
  filePath: string | null;
  tags: readonly string[];
  /** blake3 hex, verified. */
  expectedHash: string | null;
  lifeMs: number | null;
  accept: 'picture' | 'any';
  /** A write in the same commit as the record; IDEMPOTENCY_CONFLICT when the key is used. */
  claim?: (assetId: AssetId) => Write;
}

export interface AssetDeps {
  database: Database<AssetTables & TaskTables>;
  blobs: BlobStore;
  createId: <K extends IdKind>() => Id<K>;
  /** Folder with files that users may name by path; null without one. */
  inputDir: string | null;
  /** Read at each use: it may change. */
  readonly limits: AssetLimits;
  admission: Pick<Admission, 'upload'>;
}

/** Longer references cannot name a file. */
const MAX_REFERENCE = 4096;

/** Uploads and outputs as records over blobs. Ownership is part of every query; foreign ids look unknown. */
export class Assets {
  readonly #deps: AssetDeps;

  constructor(deps: AssetDeps) {
    this.#deps = deps;
  }

  /**
   * Stores bytes and their record. Refuses wrong hashes (CONFLICT), unknown picture formats (UNSUPPORTED_MEDIA), sizes over the limit,
   * and what the owner's quotas do not allow (QUOTA_EXCEEDED).
   */
  async create(asset: NewAsset): Promise<{ row: AssetRow; blobWasNew: boolean }> {
    const { limits, admission } = this.#deps;
    const maxBytes = asset.accept === 'picture' ? limits.pictureBytes : limits.fileBytes;
    const atMost = Math.min(asset.sizeBytes ?? maxBytes, maxBytes);
    return admission.upload(asset.ownerId, atMost, async (keep) => {
      const created = await this.#store(asset, maxBytes);
      keep(created.row.size_bytes);
      return created;
    });
  }

  async #store(asset: NewAsset, maxBytes: number): Promise<{ row: AssetRow; blobWasNew: boolean }> {
    const { blobs, limits } = this.#deps;
    const stored = await blobs.put(asset.bytes, { maxBytes });
    const picture = readPicture(stored.head);
    try {
      checkHash(asset.expectedHash, stored.hash);
      if (asset.accept === 'picture') checkPicture(picture, limits);
    } catch (refusal) {
      await this.#leaveToSweep(stored);
      throw refusal;
    }
    const row = this.#toRow(asset, {
      hash: stored.hash,
      sizeBytes: stored.sizeBytes,
      width: picture?.width ?? null,
      height: picture?.height ?? null,
      contentType:
        asset.accept === 'picture' && picture ? readContentType(`x.${picture.format}`) : asset.contentType,
    });
    // Bytes of a refused upload may still be there; they count only once a record names them.
    const blobWasNew = stored.isNew || !(await this.#isNamed(stored.hash));
    await this.#commit(row, asset.claim?.(row.id));
    return { row, blobWasNew };
  }

  /** Creates a record for bytes that the owner already has; null when the owner has none with that hash. */
  async createFromHash(request: {
    ownerId: PrincipalId;
    hash: string;
    filePath: string | null;
    tags: readonly string[];
    lifeMs: number | null;
  }): Promise<{ row: AssetRow; existed: boolean } | null> {
    const [known] = await this.#findByHash(request.ownerId, request.hash);
    if (!known) return null;
    const name = request.filePath ? basename(request.filePath) : known.name;
    if (known.kind === 'upload' && known.name === name && known.file_path === request.filePath)
      return { row: await this.#prolong(known, request.lifeMs), existed: true };
    const asset = {
      ...request,
      name,
      contentType: known.content_type,
      accept: 'any' as const,
      expectedHash: null,
    };
    const row = this.#toRow(asset, {
      hash: known.blob_hash,
      sizeBytes: known.size_bytes,
      width: known.width,
      height: known.height,
      contentType: known.content_type,
    });
    await this.#commit(row);
    return { row, existed: false };
  }

  /** Extends how long a record is kept when its bytes are used again; never shortens it. */
  async #prolong(row: AssetRow, lifeMs: number | null): Promise<AssetRow> {
    const { database } = this.#deps;
    const expiresAt = lifeMs === null ? null : database.nowMs() + lifeMs;
    if (row.expires_at === null || (expiresAt !== null && expiresAt <= row.expires_at)) return row;
    await database.commit([
      {
        query: database.k.updateTable('asset').set({ expires_at: expiresAt }).where('id', '=', row.id),
      },
    ]);
    return { ...row, expires_at: expiresAt };
  }

  async hasHash(ownerId: PrincipalId, hash: string): Promise<boolean> {
    return (await this.#findByHash(ownerId, hash)).length > 0;
  }

  async load(owner: OwnerFilter, id: AssetId): Promise<AssetRow> {
    const [row] = await this.#deps.database.read(findAsset(this.#deps.database.k, id));
    const expired = row?.expires_at != null && row.expires_at <= this.#deps.database.nowMs();
    if (!row || expired || !matchesOwner(owner, row)) throw new AppError('ASSET_NOT_FOUND', { asset_id: id });
    return row;
  }

  async listUploads(owner: OwnerFilter, limit: number): Promise<AssetRow[]> {
    const { database } = this.#deps;
    let query = database.k
      .selectFrom('asset')
      .selectAll()
      .where('kind', '=', 'upload')
      .where('deleted_at', 'is', null)
      .orderBy('id', 'desc')
      .limit(limit);
    if (owner.kind !== 'all') query = query.where(whereOwner(owner));
    return database.read(query);
  }

  /**
   * Deletes the record; the blob stays while others refer to it. PROJECT_READ_ONLY for viewers of its project, CONFLICT while a
   * waiting or running task needs it.
   */
  async remove(actor: Actor, id: AssetId): Promise<void> {
    requireChangeable(actor, await this.load(visibleTo(actor), id));
    await this.removeUnneeded(id);
  }

  /** Deletes a record of any owner. CONFLICT while a waiting or running task needs it. */
  async removeUnneeded(id: AssetId): Promise<void> {
    const { database } = this.#deps;
    const needing = await database.read(
      database.k
        .selectFrom('task_input')
        .innerJoin('task', 'task.id', 'task_input.task_id')
        .select('task.id')
        .where('task_input.asset_id', '=', id)
        .where('task.state', 'in', ['held', 'queued', 'running'])
        .limit(1),
    );
    if (needing.length > 0) throw new AppError('CONFLICT', { reason: 'asset_in_use', asset_id: id });
    const query = database.k
      .updateTable('asset')
      .set({ deleted_at: database.nowMs() })
      .where('id', '=', id)
      .where('deleted_at', 'is', null);
    const outcome = await database.commit([{ query, rows: 1 }]);
    if (outcome.kind === 'refused') throw new AppError('ASSET_NOT_FOUND', { asset_id: id });
  }

  /** Resolves an image parameter: an upload's id or name, inline data, or a file below input_dir. Else MISSING_ASSET. */
  async resolveReference(actor: Actor, reference: string): Promise<AssetRow> {
    const inline = parseDataUrl(reference, this.#deps.limits.pictureBytes);
    if (inline) {
      const { row } = await this.create({
        ...this.#plainUpload(actor.id, `inline.${inline.extension}`),
        bytes: once(inline.bytes),
        sizeBytes: inline.bytes.byteLength,
      });
      return row;
    }
    if (reference.length > MAX_REFERENCE)
      throw new AppError('MISSING_ASSET', { reference: reference.slice(0, 200) });
    const known = await this.#findUpload(actor, reference);
    if (known) return known;
    const path = await findInputFile(this.#deps.inputDir, reference);
    if (!path) throw new AppError('MISSING_ASSET', { reference: reference.slice(0, 200) });
    const { row } = await this.create({
      ...this.#plainUpload(actor.id, basename(path)),
      bytes: createReadStream(path),
      sizeBytes: (await stat(path)).size,
      accept: 'any',
    });
    return row;
  }

  /** Finds an asset that the actor may see by its id only, as in `core/ASSET`; null when there is none. */
  async findVisible(actor: Actor, id: AssetId): Promise<AssetRow | null> {
    const { database } = this.#deps;
    const [row] = await database.read(findAsset(database.k, id));
    const expired = row?.expires_at != null && row.expires_at <= database.nowMs();
    return row && !expired && matchesOwner(visibleTo(actor), row) ? row : null;
  }

  /** Finds a file that the actor may see by id, or its own upload by name (the latest of that name). */
  async #findUpload(actor: Actor, reference: string): Promise<AssetRow | null> {
    const { database } = this.#deps;
    const now = database.nowMs();
    const id = parseId<'asset'>(reference);
    const [row] = await database.read(
      database.k
        .selectFrom('asset')
        .selectAll()
        .where('deleted_at', 'is', null)
        .where((eb) =>
          eb.or([
            ...(id === null ? [] : [eb.and([eb('id', '=', id), whereOwner(visibleTo(actor))])]),
            eb.and([eb('owner_id', '=', actor.id), eb('name', '=', reference), eb('kind', '=', 'upload')]),
          ]),
        )
        .where((eb) => eb.or([eb('expires_at', 'is', null), eb('expires_at', '>', now)]))
        .orderBy('id', 'desc')
        .limit(1),
    );
    return row ?? null;
  }

  async #isNamed(hash: string): Promise<boolean> {
    const { database } = this.#deps;
    const rows = await database.read(
      database.k.selectFrom('asset').select('id').where('blob_hash', '=', hash).limit(1),
    );
    return rows.length > 0;
  }

  /** Names the bytes of a refused upload as those of no asset. They are not deleted here: the same bytes may be on their way again. */
  async #leaveToSweep({ hash, sizeBytes }: StoredBlob): Promise<void> {
    const { database } = this.#deps;
    await database.commit([
      writeBlob(database, { hash, size_bytes: sizeBytes, created_at: database.nowMs() }),
    ]);
  }

  #plainUpload(ownerId: PrincipalId, name: string) {
    const contentType = readContentType(name);
    const lifeMs = this.#deps.limits.uploadLifeMs;
    return {
      ownerId,
      name,
      contentType,
      filePath: null,
      tags: [],
      expectedHash: null,
      lifeMs,
      accept: 'picture' as const,
    };
  }

  #toRow(
    asset: Pick<NewAsset, 'ownerId' | 'name' | 'filePath' | 'tags' | 'lifeMs'>,
    bytes: {
      hash: string;
      sizeBytes: number;
      width: number | null;
      height: number | null;
      contentType: string;
    },
  ): AssetRow {
    const now = this.#deps.database.nowMs();
    return {
      id: this.#deps.createId<'asset'>(),
      owner_id: asset.ownerId,
      project_id: null,
      task_id: null,
      attempt_id: null,
      node_id: null,
      output_index: 0,
      kind: 'upload',
      name: safeName(asset.name),
      content_type: bytes.contentType,
      size_bytes: bytes.sizeBytes,
      blob_hash: bytes.hash,
      file_path: asset.filePath,
      width: bytes.width,
      height: bytes.height,
      tags: JSON.stringify(asset.tags),
      created_at: now,
      expires_at: asset.lifeMs === null ? null : now + asset.lifeMs,
      deleted_at: null,
    };
  }

  async #commit(row: AssetRow, claim?: Write): Promise<void> {
    const { database } = this.#deps;
    const writes: Write[] = [
      ...(claim ? [claim] : []),
      writeBlob(database, { hash: row.blob_hash, size_bytes: row.size_bytes, created_at: row.created_at }),
      writeAsset(database.k, row),
    ];
    const outcome = await database.commit(writes);
    if (outcome.kind === 'refused') {
      throw new AppError(claim && outcome.index === 0 ? 'IDEMPOTENCY_CONFLICT' : 'INTERNAL', {
        reason: outcome.reason,
      });
    }
  }

  #findByHash(ownerId: PrincipalId, hash: string): Promise<AssetRow[]> {
    const { database } = this.#deps;
    return database.read(
      database.k
        .selectFrom('asset')
        .selectAll()
        .where('blob_hash', '=', hash)
        .where('owner_id', '=', ownerId)
        .where('deleted_at', 'is', null)
        .where((eb) => eb.or([eb('expires_at', 'is', null), eb('expires_at', '>', database.nowMs())]))
        .orderBy('kind', 'desc')
        .limit(1),
    );
  }
}

function checkHash(expected: string | null, computed: string): void {
  if (expected !== null && expected !== computed)
    throw new AppError('CONFLICT', { reason: 'hash_mismatch', expected, computed });
}

async function* once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes;
}
