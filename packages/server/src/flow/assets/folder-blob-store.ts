import { createReadStream, existsSync, statSync } from 'node:fs';
import { type FileHandle, mkdir, open, rename, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { blake3, createBLAKE3 } from 'hash-wasm';
import { AppError } from '../../platform/errors/app-error.ts';
import { failpoint } from '../../platform/lifecycle/failpoints.ts';
import type { Scope } from '../../platform/lifecycle/scope.ts';
import { makeFolder } from '../../platform/storage/make-folder.ts';
import { toStorageError } from '../../platform/storage/storage-error.ts';
import type { BlobStore, PutLimits, StoredBlob } from './blob-store.ts';
import { BlobWriter } from './blob-writer.ts';
import { errorCode, type SyncDepth, syncFolder } from './durable-files.ts';
import type { FileModes } from './settings.ts';

/** Streams up to this size are hashed in memory first, so that a known blob is not written again. */
const SMALL_BYTES = 1024 * 1024;
const HEAD_BYTES = 4096;

export interface FolderBlobOptions {
  folder: string;
  /** `power`: file and folder are synced before a blob counts; `process`: the kernel's cache is enough. */
  durability: 'power' | 'process';
  /** False where only files can be synced. */
  syncsFolders: boolean;
  /** Permissions of readable copies; null: only the user. */
  linkModes?: FileModes | null;
  createName: () => string;
  nowMs: () => number;
}

/** Opens the store and its thread, which ends with the scope. */
export function openFolderBlobs(scope: Scope, options: FolderBlobOptions): FolderBlobStore {
  const writer = new BlobWriter();
  scope.add('blobs', () => writer.close());
  return new FolderBlobStore(options, writer);
}

/** Blobs as files below `folder/ab/abcdef…`, written under a temporary name and renamed, so that no partial file is visible. */
export class FolderBlobStore implements BlobStore {
  readonly #folder: string;
  readonly #sync: SyncDepth;
  readonly #linkModes: FileModes | null;
  readonly #createName: () => string;
  readonly #now: () => number;
  readonly #writer: Pick<BlobWriter, 'run'>;
  /** Small blobs that have their final name but are not durable yet. */
  readonly #writing = new Map<string, Promise<void>>();

  constructor(
    { folder, durability, syncsFolders, linkModes, createName, nowMs }: FolderBlobOptions,
    writer: Pick<BlobWriter, 'run'>,
  ) {
    this.#linkModes = linkModes ?? null;
    this.#folder = folder;
    const whole = syncsFolders ? 'file_and_folder' : 'file';
    this.#sync = durability === 'power' ? whole : 'none';
    this.#createName = createName;
    this.#now = nowMs;
    this.#writer = writer;
  }

  async put(source: AsyncIterable<Uint8Array>, limits: PutLimits): Promise<StoredBlob> {
    const iterator = source[Symbol.asyncIterator]();
    try {
      return await this.#put(iterator, limits);
    } catch (thrown) {
      // Refused halfway: the sender must not wait for a reader that has left.
      await iterator.return?.().catch(() => {
        // The first failure is more useful than one during cleanup.
      });
      throw thrown;
    }
  }

  async #put(iterator: AsyncIterator<Uint8Array>, limits: PutLimits): Promise<StoredBlob> {
    const { chunks, sizeBytes, ended } = await readSmall(iterator, limits);
    if (!ended) return this.#putLarge(iterator, { chunks, sizeBytes, limits });
    checkLength(sizeBytes, limits);
    const bytes = Buffer.concat(chunks, sizeBytes);
    const hash = await blake3(bytes);
    const isNew = await this.#keepSmall(hash, bytes);
    return { hash, sizeBytes, isNew, head: bytes.subarray(0, HEAD_BYTES) };
  }

  open(hash: string, range?: { start: number; end: number }): AsyncIterable<Uint8Array> {
    return readFile(this.#path(hash), range);
  }

  async has(hash: string): Promise<boolean> {
    return existsSync(this.#path(hash));
  }

  /** Moves the blob aside before checking it; if it was renewed in the meantime, moves it back. */
  async removeUnused(hash: string, unusedForMs: number): Promise<boolean> {
    const path = this.#path(hash);
    const aside = join(this.#folder, 'incoming', `${this.#createName()}.unused`);
    try {
      await mkdir(dirname(aside), { recursive: true });
      await rename(path, aside);
      const { mtimeMs } = await stat(aside);
      if (this.#now() - mtimeMs < unusedForMs) {
        await rename(aside, path);
        return false;
      }
      await unlink(aside);
      return true;
    } catch (thrown) {
      if (errorCode(thrown) !== 'ENOENT') throw thrown;
      return true;
    }
  }

  async linkTo(hash: string, path: string): Promise<void> {
    await this.#writer.run({ kind: 'link', from: this.#path(hash), path, modes: this.#linkModes });
  }

  async #putLarge(
    rest: AsyncIterator<Uint8Array>,
    start: { chunks: Uint8Array[]; sizeBytes: number; limits: PutLimits },
  ): Promise<StoredBlob> {
    const hasher = await createBLAKE3();
    hasher.init();
    let sizeBytes = start.sizeBytes;
    const temporary = await this.#createTemporary();
    try {
      for (const chunk of start.chunks) {
        hasher.update(chunk);
        await temporary.file.writeFile(chunk);
      }
      for (let next = await rest.next(); !next.done; next = await rest.next()) {
        sizeBytes += next.value.byteLength;
        if (sizeBytes > start.limits.maxBytes)
          throw new AppError('BODY_TOO_LARGE', { max_bytes: start.limits.maxBytes });
        hasher.update(next.value);
        await temporary.file.writeFile(next.value);
      }
      checkLength(sizeBytes, start.limits);
      const hash = hasher.digest('hex');
      const isNew = !(await this.has(hash));
      await this.#publish(temporary, hash);
      return { hash, sizeBytes, isNew, head: Buffer.concat(start.chunks).subarray(0, HEAD_BYTES) };
    } catch (thrown) {
      await discard(temporary);
      throw toStorageError(thrown);
    }
  }

  /** Stores small bytes; true when they are new. Waits while the same bytes are being written elsewhere. */
  async #keepSmall(hash: string, bytes: Uint8Array): Promise<boolean> {
    const writing = this.#writing.get(hash);
    if (writing) {
      await writing;
      return false;
    }
    if (this.#isWhole(hash, bytes.byteLength) && (await this.#renew(hash))) return false;
    const written = this.#writeSmall(hash, bytes).finally(() => this.#writing.delete(hash));
    this.#writing.set(hash, written);
    await written;
    return true;
  }

  async #writeSmall(hash: string, bytes: Uint8Array): Promise<void> {
    const temporary = join(this.#folder, 'incoming', this.#createName());
    try {
      await this.#writer.run({ kind: 'write', temporary, path: this.#path(hash), bytes, sync: this.#sync });
    } catch (thrown) {
      throw toStorageError(thrown);
    }
  }

  async #createTemporary(): Promise<Temporary> {
    const path = join(this.#folder, 'incoming', this.#createName());
    try {
      return { path, file: await open(path, 'wx') };
    } catch (thrown) {
      if (errorCode(thrown) !== 'ENOENT') throw toStorageError(thrown);
      await makeFolder(dirname(path));
      return { path, file: await open(path, 'wx') };
    }
  }

  async #publish(temporary: Temporary, hash: string): Promise<void> {
    if (this.#sync !== 'none') await temporary.file.datasync();
    await temporary.file.close();
    const path = this.#path(hash);
    try {
      await rename(temporary.path, path);
    } catch (thrown) {
      if (errorCode(thrown) !== 'ENOENT') throw thrown;
      await mkdir(dirname(path), { recursive: true });
      await rename(temporary.path, path);
    }
    if (this.#sync === 'file_and_folder') await syncFolder(dirname(path));
  }

  /** Checks the size, because a power loss may have left an incomplete file. */
  #isWhole(hash: string, sizeBytes: number): boolean {
    return statSync(this.#path(hash), { throwIfNoEntry: false })?.size === sizeBytes;
  }

  /**
   * Resets the age of a blob, so that the sweep of unused ones does not delete it. Syncs it again, because an earlier process may
   * have been killed before its sync. False when it is gone.
   */
  async #renew(hash: string): Promise<boolean> {
    const atSeconds = this.#now() / 1000;
    try {
      await this.#writer.run({ kind: 'renew', path: this.#path(hash), atSeconds, sync: this.#sync });
      return true;
    } catch (thrown) {
      if (errorCode(thrown) !== 'ENOENT') throw toStorageError(thrown);
      // Swept just now: the bytes are written again.
      return false;
    }
  }

  #path(hash: string): string {
    return join(this.#folder, hash.slice(0, 2), hash);
  }
}

interface Temporary {
  path: string;
  file: FileHandle;
}

async function readSmall(iterator: AsyncIterator<Uint8Array>, limits: PutLimits) {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  while (sizeBytes <= SMALL_BYTES) {
    const next = await iterator.next();
    if (next.done) return { chunks, sizeBytes, ended: true };
    sizeBytes += next.value.byteLength;
    if (sizeBytes > limits.maxBytes) throw new AppError('BODY_TOO_LARGE', { max_bytes: limits.maxBytes });
    chunks.push(next.value);
    failpoint('mid_download');
  }
  return { chunks, sizeBytes, ended: false };
}

function checkLength(sizeBytes: number, limits: PutLimits): void {
  if (limits.expectedBytes !== undefined && limits.expectedBytes !== sizeBytes) {
    throw new AppError('COLLECT_FAILED', { expected_bytes: limits.expectedBytes, received_bytes: sizeBytes });
  }
}

async function* readFile(path: string, range?: { start: number; end: number }): AsyncIterable<Uint8Array> {
  try {
    yield* createReadStream(path, range ?? {});
  } catch (thrown) {
    if (errorCode(thrown) === 'ENOENT') throw new AppError('ASSET_NOT_FOUND', null, { cause: thrown });
    throw thrown;
  }
}

async function discard(temporary: Temporary): Promise<void> {
  try {
    await temporary.file.close();
  } catch {
    // Already closed if the failure came after the last byte.
  }
  try {
    await unlink(temporary.path);
  } catch {
    // Renamed or never created: nothing is left behind.
  }
}
