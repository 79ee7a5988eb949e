import {
  type CollectedOutput,
  ComfyError,
  type ComfyHttp,
  type OutputFile,
  type OutputKind,
  type ViewedFile,
} from '@comfleet/comfyui';
import { AppError, toError } from '../../platform/errors/app-error.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import type { Clock } from '../../platform/time/clock.ts';
import type { BlobStore, StoredBlob } from './blob-store.ts';
import { readPicture } from './content-kind.ts';
import type { ProblemCause, TooLarge } from './output-problem.ts';
import { WholePicture } from './whole-picture.ts';

export interface DownloadDeps {
  blobs: BlobStore;
  clock: Clock;
  logger: Logger;
}

/** Size limit of a file, and the problem when it is larger. */
export interface SizeLimit {
  maxBytes: number;
  above: TooLarge;
}

export interface DownloadJob {
  taskId: string;
  http: ComfyHttp;
  /** Nodes that did not run in this prompt. */
  cachedNodeIds: ReadonlySet<string>;
  size: SizeLimit;
  /** How often a broken download is tried. */
  tries: number;
  /** Ends the wait for a worker that does not return. */
  signal: AbortSignal;
}

/** Kinds that may be empty: an empty subtitle is a result, an empty picture is not (RS8). */
const MAY_BE_EMPTY: ReadonlySet<OutputKind> = new Set(['text', 'file']);
const REFUSED_WAIT_MS = 1000;
/** Statuses that say nothing about the file, but about the proxy or the worker. */
const PASSING = new Set([401, 407, 408, 425, 429]);

/**
 * Fetches one file into a blob, or returns why it cannot be fetched. Broken downloads are retried a limited number of times. While
 * the worker refuses connections the download waits: after a restart it still has the file (HR8). Throws when the signal ends that
 * wait, and for our own faults.
 */
export async function downloadOutput(
  deps: DownloadDeps,
  job: DownloadJob,
  output: CollectedOutput & { file: OutputFile },
): Promise<StoredBlob | ProblemCause> {
  const { file } = output;
  const found = await download(deps, job, file);
  const isThere = !('kind' in found) || found.kind !== 'refused' || found.status !== 404;
  if (isThere) return 'kind' in found ? found : checkContent(output, found);
  // Nodes on any system may write Windows separators where the worker's disk has none.
  const slashed = { ...file, ...splitPath(file) };
  const again = slashed.subfolder === file.subfolder ? found : await download(deps, job, slashed);
  if (!('kind' in again)) return checkContent(output, again);
  return job.cachedNodeIds.has(output.nodeId) ? { kind: 'gone', status: found.status } : found;
}

function splitPath({ subfolder, filename }: OutputFile): Pick<OutputFile, 'subfolder' | 'filename'> {
  const path = [subfolder, filename]
    .filter((part) => part !== '')
    .join('/')
    .replaceAll('\\', '/');
  const at = path.lastIndexOf('/');
  return { subfolder: path.slice(0, Math.max(0, at)), filename: path.slice(at + 1) };
}

async function download(
  deps: DownloadDeps,
  job: DownloadJob,
  file: OutputFile,
): Promise<StoredBlob | ProblemCause> {
  let last = '';
  for (let tries = 0; tries < job.tries; ) {
    if (tries > 0) await deps.clock.sleep(100 * 2 ** tries, job.signal);
    try {
      return await downloadOnce(deps, job, file);
    } catch (thrown) {
      if (isConnectionRefused(thrown)) {
        await deps.clock.sleep(REFUSED_WAIT_MS, job.signal);
        continue;
      }
      tries += 1;
      const certain = findCertainProblem(job, thrown);
      if (certain !== null) return certain;
      if (job.signal.aborted || !isWorthRetry(thrown)) throw thrown;
      last = toError(thrown).message;
      deps.logger.warn('download.broken', { taskId: job.taskId, file: file.filename, tries, error: last });
    }
  }
  return { kind: 'broken', tries: job.tries, last };
}

async function downloadOnce(
  { blobs }: DownloadDeps,
  { http, signal, size: { maxBytes } }: DownloadJob,
  file: OutputFile,
): Promise<StoredBlob> {
  const viewed = await http.view(file, { signal });
  if (viewed.contentLength !== null && viewed.contentLength > maxBytes) {
    await discard(viewed);
    throw new AppError('BODY_TOO_LARGE', { max_bytes: maxBytes });
  }
  const picture = new WholePicture();
  const stored = await blobs.put(picture.watch(viewed.body), {
    maxBytes,
    ...(viewed.contentLength === null ? {} : { expectedBytes: viewed.contentLength }),
    signal,
  });
  if (picture.isWhole(stored)) return stored;
  throw new AppError('COLLECT_FAILED', { file, reason: 'the picture is cut off' });
}

/** Discards a body; leaving it after its first chunk closes the connection. */
async function discard({ body }: ViewedFile): Promise<void> {
  for await (const _ of body) break;
}

/** True when no server listens, so that the attempt does not count. */
function isConnectionRefused(thrown: unknown): boolean {
  return thrown instanceof ComfyError && thrown.code === 'CONNECTION_REFUSED';
}

/** A problem that will be the same in the next try and in the next run. */
function findCertainProblem({ size }: DownloadJob, thrown: unknown): ProblemCause | null {
  if (isTooLarge(thrown)) return size.above;
  const status = thrown instanceof ComfyError ? thrown.details.status : undefined;
  if (status === undefined || status < 400 || status > 499 || PASSING.has(status)) return null;
  return { kind: 'refused', status };
}

/** True when the store, or the answer's header, has more bytes than allowed. */
export function isTooLarge(thrown: unknown): boolean {
  return thrown instanceof AppError && thrown.code === 'BODY_TOO_LARGE';
}

function isWorthRetry(thrown: unknown): boolean {
  return thrown instanceof ComfyError || (thrown instanceof AppError && thrown.code === 'COLLECT_FAILED');
}

/** Checks the content: a file with a picture's name that is no picture is a failure (RS8). */
function checkContent({ kind, file }: CollectedOutput, stored: StoredBlob): StoredBlob | ProblemCause {
  if (stored.sizeBytes === 0) return MAY_BE_EMPTY.has(kind) ? stored : { kind: 'empty' };
  const isPicture = /\.(png|jpe?g|webp|gif)$/i.test(file?.filename ?? '');
  return isPicture && !readPicture(stored.head) ? { kind: 'unreadable' } : stored;
}
