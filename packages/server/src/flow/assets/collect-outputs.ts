import { posix } from 'node:path';
import { type CollectedOutput, ComfyError, type ComfyHttp, type OutputFile } from '@comfleet/comfyui';
import type { AssetId, Id, IdKind } from '@comfleet/contract';
import type { Database, Write } from '../../platform/database/database.ts';
import { AppError, toError } from '../../platform/errors/app-error.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import type { Clock } from '../../platform/time/clock.ts';
import type { AttemptRow, TaskRow } from '../tasks/task-tables.ts';
import { writeAsset, writeBlob } from './asset-rows.ts';
import type { AssetRow, AssetTables } from './asset-tables.ts';
import type { BlobStore, StoredBlob } from './blob-store.ts';
import { readContentKind, readPicture } from './content-kind.ts';
import { WholePicture } from './whole-picture.ts';

export interface CollectDeps {
  database: Database<AssetTables>;
  blobs: BlobStore;
  clock: Clock;
  logger: Logger;
  createId: <K extends IdKind>() => Id<K>;
  maxFileBytes: number;
  maxFiles: number;
}

export interface CollectJob {
  task: TaskRow;
  attempt: AttemptRow;
  outputs: readonly CollectedOutput[];
  /** Twin node → the node whose bytes it keeps. */
  twins: ReadonlyMap<string, string>;
  /** Takes the attempt's tag out of a file name. */
  restoreName: (filename: string) => string;
  http: ComfyHttp;
  /** Ends the wait for a worker that does not come back. */
  signal: AbortSignal;
}

const DOWNLOAD_TRIES = 5;
const REFUSED_WAIT_MS = 1000;

/**
 * Fetches every output of a finished prompt into blobs, whole or not at all, and answers the rows that make them
 * visible. Temporary files (previews) are skipped, except those that stand for a SaveImageWebsocket.
 */
export async function collectOutputs(
  deps: CollectDeps,
  job: CollectJob,
): Promise<{ writes: Write[]; assets: AssetRow[] }> {
  const wanted = job.outputs.filter((output) => !output.temporary || job.twins.has(output.nodeId));
  if (wanted.length > deps.maxFiles)
    throw new AppError('COLLECT_FAILED', { files: wanted.length, max_files: deps.maxFiles });
  const assets: AssetRow[] = [];
  const writes: Write[] = [];
  for (const output of wanted) {
    const stored = await storeOutput(deps, job, output);
    const row = toAssetRow(deps, { job, output, stored, index: assets.length });
    assets.push(row);
    writes.push(
      writeBlob(deps.database, {
        hash: stored.hash,
        size_bytes: stored.sizeBytes,
        created_at: row.created_at,
      }),
      writeAsset(deps.database.k, row),
    );
  }
  return { writes, assets };
}

async function storeOutput(deps: CollectDeps, job: CollectJob, output: CollectedOutput): Promise<StoredBlob> {
  if (output.file) {
    const stored = await download(deps, job, output.file);
    checkReadable(output, stored);
    return stored;
  }
  const bytes = new TextEncoder().encode(output.text ?? '');
  return deps.blobs.put(once(bytes), { maxBytes: deps.maxFileBytes });
}

/**
 * Broken downloads start over, at most five times; a file that is gone is told apart, because only a new run brings it back.
 * While nobody listens the file is waited for: a worker that restarts still has it (HR8).
 */
async function download(deps: CollectDeps, job: CollectJob, file: OutputFile): Promise<StoredBlob> {
  let last: Error | null = null;
  for (let tries = 0; tries < DOWNLOAD_TRIES; ) {
    if (tries > 0) await deps.clock.sleep(100 * 2 ** tries, job.signal);
    try {
      return await downloadOnce(deps, job, file);
    } catch (thrown) {
      if (isRefused(thrown)) {
        await deps.clock.sleep(REFUSED_WAIT_MS, job.signal);
        continue;
      }
      tries += 1;
      last = toError(thrown);
      if (thrown instanceof ComfyError && thrown.details.status === 404)
        throw new AppError('OUTPUT_GONE', { file }, { cause: thrown });
      if (job.signal.aborted || !isWorthRetry(thrown)) throw thrown;
      const { message: error } = last;
      deps.logger.warn('download.broken', { taskId: job.task.id, file: file.filename, tries, error });
    }
  }
  throw new AppError(
    'COLLECT_FAILED',
    { file, tries: DOWNLOAD_TRIES, cause: last?.message },
    { cause: last },
  );
}

async function downloadOnce(
  { blobs, maxFileBytes }: CollectDeps,
  { http, signal }: CollectJob,
  file: OutputFile,
): Promise<StoredBlob> {
  const viewed = await http.view(file, { signal });
  const picture = new WholePicture();
  const stored = await blobs.put(picture.watch(viewed.body), {
    maxBytes: maxFileBytes,
    ...(viewed.contentLength === null ? {} : { expectedBytes: viewed.contentLength }),
    signal,
  });
  if (picture.isWhole(stored)) return stored;
  throw new AppError('COLLECT_FAILED', { file, reason: 'the picture is cut off' });
}

/** Nobody listens: no try was made. */
function isRefused(thrown: unknown): boolean {
  return thrown instanceof ComfyError && thrown.code === 'CONNECTION_REFUSED';
}

function isWorthRetry(thrown: unknown): boolean {
  return thrown instanceof ComfyError || (thrown instanceof AppError && thrown.code === 'COLLECT_FAILED');
}

/** An empty file, or bytes that are no picture under a picture's name, is a failure, not a result (RS8). */
function checkReadable(output: CollectedOutput, stored: StoredBlob): void {
  const name = output.file?.filename ?? '';
  if (stored.sizeBytes === 0) throw new AppError('OUTPUT_INVALID', { file: name, reason: 'empty' });
  const isPicture = /\.(png|jpe?g|webp|gif)$/i.test(name);
  if (isPicture && !readPicture(stored.head))
    throw new AppError('OUTPUT_INVALID', { file: name, reason: 'not a picture' });
}

function toAssetRow(
  deps: CollectDeps,
  made: { job: CollectJob; output: CollectedOutput; stored: StoredBlob; index: number },
): AssetRow {
  const { job, output, stored, index } = made;
  const nodeId = job.twins.get(output.nodeId) ?? output.nodeId;
  const name = output.file
    ? safeName(job.restoreName(output.file.filename))
    : `${nodeId}_${output.key}_${output.index}.txt`;
  const content = readContentKind(name);
  const picture = readPicture(stored.head);
  const id: AssetId = deps.createId<'asset'>();
  return {
    id,
    owner_id: job.task.owner_id,
    task_id: job.task.id,
    attempt_id: job.attempt.id,
    node_id: nodeId,
    output_index: index,
    kind: output.kind,
    name,
    content_type: content.contentType,
    size_bytes: stored.sizeBytes,
    blob_hash: stored.hash,
    file_path: null,
    width: picture?.width ?? null,
    height: picture?.height ?? null,
    tags: null,
    created_at: deps.database.nowMs(),
    expires_at: null,
    deleted_at: null,
  };
}

/** A worker names its files as it likes; ours keep the last part only, without what file systems and headers dislike. */
export function safeName(name: string): string {
  const last = posix.basename(name.replaceAll('\\', '/'));
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is removed
  const clean = last.replace(/[\u0000-\u001f\u007f<>:"|?*]/g, '_').slice(-200);
  return clean === '' || clean === '.' || clean === '..' ? 'output' : clean;
}

async function* once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes;
}
