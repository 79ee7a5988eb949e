import type { CollectedOutput, OutputFile } from '@comfleet/comfyui';
import type { AssetId, Id, IdKind } from '@comfleet/contract';
import type { Database, Write } from '../../platform/database/database.ts';
import type { AttemptRow, TaskRow } from '../tasks/task-tables.ts';
import { writeAsset, writeBlob } from './asset-rows.ts';
import type { AssetRow, AssetTables } from './asset-tables.ts';
import type { StoredBlob } from './blob-store.ts';
import { readContentType, readPicture } from './content-kind.ts';
import {
  type DownloadDeps,
  type DownloadJob,
  downloadOutput,
  isTooLarge,
  type SizeLimit,
} from './download-output.ts';
import type { OutputProblem, ProblemCause } from './output-problem.ts';
import { safeName } from './safe-name.ts';

/** Limits of one result, and of all results of a task. */
export interface ResultLimits {
  /** `limits.result_bytes`. */
  maxFileBytes: number;
  /** `limits.task_result_bytes`; null: as many as there are. */
  maxTaskBytes: number | null;
  /** `limits.result_files`; null: as many as there are. */
  maxFiles: number | null;
}

export interface CollectDeps extends DownloadDeps, ResultLimits {
  database: Database<AssetTables>;
  createId: <K extends IdKind>() => Id<K>;
}

export interface CollectJob extends Omit<DownloadJob, 'taskId' | 'size' | 'tries'> {
  task: TaskRow;
  attempt: AttemptRow;
  outputs: readonly CollectedOutput[];
  /** Twin node → the node whose bytes it saves. */
  twins: ReadonlyMap<string, string>;
  /** Removes the attempt's tag from a file name. */
  restoreName: (filename: string) => string;
}

const DOWNLOAD_TRIES = 5;
/** After this many broken downloads from a worker, each further download is tried once. */
const MANY_BROKEN = 3;
/** Further problems are only counted. */
const MAX_PROBLEMS = 100;
const MAX_ID_CHARACTERS = 191;
const MAX_NAME_CHARACTERS = 1000;
const NEVER_FETCHED: ProblemCause = { kind: 'unreachable', dispatched: true, started: false };

/** The rows that make results visible, and the outputs that are missing. */
export interface CollectedResults {
  /** Rows of the bytes: written even if they do not become results, so that they get swept. */
  blobs: Write[];
  writes: Write[];
  assets: AssetRow[];
  problems: OutputProblem[];
  /** How many more outputs are missing, for the reason of the last problem. */
  unnamed: number;
}

/**
 * Fetches the outputs of a finished prompt into blobs, each whole or not at all. Temporary files (previews) are results if there are
 * no permanent ones, or if they are twins of a SaveImageWebsocket. A file that cannot be fetched is a problem; when the signal ends
 * the wait for the worker, so are all remaining ones.
 */
export async function collectOutputs(deps: CollectDeps, job: CollectJob): Promise<CollectedResults> {
  const collection = new Collection(deps, job);
  const previews: CollectedOutput[] = [];
  for (const [index, output] of job.outputs.entries()) {
    if (collection.isFull) {
      collection.leaveOut(job.outputs.slice(index));
      break;
    }
    if (output.temporary && !job.twins.has(output.nodeId)) previews.push(output);
    else if (!(await collection.take(output))) previews.push({ ...output, temporary: true });
  }
  if (!collection.hasMade) for (const output of previews) await collection.take(output);
  return collection;
}

/** The outputs fetched so far. */
class Collection implements CollectedResults {
  readonly blobs: Write[] = [];
  readonly writes: Write[] = [];
  readonly assets: AssetRow[] = [];
  readonly problems: OutputProblem[] = [];
  unnamed = 0;
  readonly #deps: CollectDeps;
  readonly #job: CollectJob;
  /** True once a file was made that is not a preview. */
  hasMade = false;
  #bytes = 0;
  #broken = 0;

  constructor(deps: CollectDeps, job: CollectJob) {
    this.#deps = deps;
    this.#job = job;
  }

  /** True when the limits allow no further result. */
  get isFull(): boolean {
    const { maxFiles } = this.#deps;
    return maxFiles !== null && this.assets.length >= maxFiles;
  }

  /** Leaves outputs out: the first are named, the rest counted. */
  leaveOut(outputs: readonly CollectedOutput[]): void {
    const limit = this.#deps.maxFiles ?? 0;
    const room = Math.max(0, MAX_PROBLEMS - this.problems.length);
    for (const output of outputs.slice(0, room))
      this.#refuse(output, { kind: 'too_many', setting: 'limits.result_files', limit });
    this.unnamed += Math.max(0, outputs.length - room);
  }

  /** Fetches an output. Returns false for a path in a text whose file is not in output: it may be a preview. */
  async take(output: CollectedOutput): Promise<boolean> {
    const { file, text } = output;
    if (this.isFull) this.leaveOut([output]);
    else if (file === undefined) await this.#takeText(output, text ?? '');
    else return this.#takeFile({ ...output, file });
    return true;
  }

  async #takeFile(output: CollectedOutput & { file: OutputFile }): Promise<boolean> {
    const { text, temporary } = output;
    const hasInlineText = text !== undefined;
    const file: OutputFile = hasInlineText && temporary ? { ...output.file, type: 'temp' } : output.file;
    const found = await this.#download({ ...output, file });
    // It was made, even if it could not be fetched: a preview does not replace it.
    if (isMade(found) && (file.type === 'output' || this.#job.twins.has(output.nodeId))) this.hasMade = true;
    if (!('kind' in found)) {
      this.#add(output, found);
      return true;
    }
    if (hasInlineText && !temporary && !isMade(found)) return false;
    this.#refuse(output, found);
    // At least the text is kept.
    if (hasInlineText) await this.#takeText({ ...withoutFile(output), kind: 'text' }, text);
    return true;
  }

  async #download(output: CollectedOutput & { file: OutputFile }): Promise<StoredBlob | ProblemCause> {
    const { signal, task } = this.#job;
    if (signal.aborted) return NEVER_FETCHED;
    const tries = this.#broken < MANY_BROKEN ? DOWNLOAD_TRIES : 1;
    try {
      const job = { ...this.#job, taskId: task.id, size: this.#size, tries };
      const found = await downloadOutput(this.#deps, job, output);
      if ('kind' in found && found.kind === 'broken') this.#broken += 1;
      return found;
    } catch (thrown) {
      if (signal.aborted) return NEVER_FETCHED;
      throw thrown;
    }
  }

  async #takeText(output: CollectedOutput, text: string): Promise<void> {
    const { maxBytes, above } = this.#size;
    try {
      this.#add(output, await this.#deps.blobs.put(once(new TextEncoder().encode(text)), { maxBytes }));
    } catch (thrown) {
      if (!isTooLarge(thrown)) throw thrown;
      this.#refuse(output, above);
    }
  }

  /** Size limit of the next file. */
  get #size(): SizeLimit {
    const { maxFileBytes, maxTaskBytes } = this.#deps;
    if (maxTaskBytes !== null && maxTaskBytes - this.#bytes < maxFileBytes) {
      const above = {
        kind: 'too_large_together',
        setting: 'limits.task_result_bytes',
        limit: maxTaskBytes,
      } as const;
      return { maxBytes: maxTaskBytes - this.#bytes, above };
    }
    const above = { kind: 'too_large', setting: 'limits.result_bytes', limit: maxFileBytes } as const;
    return { maxBytes: maxFileBytes, above };
  }

  #refuse(output: CollectedOutput, cause: ProblemCause): void {
    if (this.problems.length >= MAX_PROBLEMS) {
      this.unnamed += 1;
      return;
    }
    this.problems.push({ nodeId: nodeOf(this.#job, output), name: nameOutput(this.#job, output), cause });
  }

  #add(output: CollectedOutput, stored: StoredBlob): void {
    const { database } = this.#deps;
    const row = toAssetRow(this.#deps, { job: this.#job, output, stored, index: this.assets.length });
    const { hash, sizeBytes: size_bytes } = stored;
    this.#bytes += size_bytes;
    this.assets.push(row);
    this.blobs.push(writeBlob(database, { hash, size_bytes, created_at: row.created_at }));
    this.writes.push(writeAsset(database.k, row));
  }
}

/** True for a file that was made, even if only another run or worker would serve it. */
function isMade(found: StoredBlob | ProblemCause): boolean {
  return !('kind' in found) || found.kind === 'broken' || found.kind === 'unreachable';
}

function withoutFile({ file: _, ...output }: CollectedOutput): CollectedOutput {
  return output;
}

/** The node id as stored: a worker may report any text as one. */
function nodeOf({ twins }: CollectJob, { nodeId }: CollectedOutput): string {
  const id = twins.get(nodeId) ?? nodeId;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: databases do not take them
  return id.slice(0, MAX_ID_CHARACTERS).replace(/[\u0000-\u001f\u007f]/g, '_');
}

function nameOutput(job: CollectJob, output: CollectedOutput): string {
  if (output.file) return safeName(job.restoreName(output.file.filename.slice(-MAX_NAME_CHARACTERS)));
  return `${nodeOf(job, output)}_${output.key}_${output.index}.txt`;
}

function toAssetRow(
  deps: CollectDeps,
  made: { job: CollectJob; output: CollectedOutput; stored: StoredBlob; index: number },
): AssetRow {
  const { job, output, stored, index } = made;
  const name = nameOutput(job, output);
  const picture = readPicture(stored.head);
  const id: AssetId = deps.createId<'asset'>();
  return {
    id,
    owner_id: job.task.owner_id,
    project_id: job.task.project_id,
    task_id: job.task.id,
    attempt_id: job.attempt.id,
    node_id: nodeOf(job, output),
    output_index: index,
    kind: output.kind,
    name,
    content_type: readContentType(name),
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

async function* once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes;
}
