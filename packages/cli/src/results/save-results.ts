import { randomBytes } from 'node:crypto';
import { constants, createWriteStream } from 'node:fs';
import { access, copyFile, link, mkdir, rm, stat } from 'node:fs/promises';
import { join, parse, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { toPortableName } from '@comfleet/comfyui';
import type { Result, TaskDetail } from '@comfleet/contract';
import { type Comfleet, ComfleetError, type Download } from '@comfleet/sdk';
import { UsageError } from '../exit-codes.ts';

/** Makes the folder before anything runs for it. Throws UsageError where nothing can be written. */
export async function prepareFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError({ code: 'usage.no_saving', params: { folder, reason: why } }, { cause });
  }
}

/** Saves every file a task made below `folder`; gives the paths. Nothing is overwritten. */
export async function saveResults(
  comfleet: Comfleet,
  task: Pick<TaskDetail, 'task_id' | 'results'>,
  { folder, signal }: { readonly folder: string; readonly signal?: AbortSignal },
): Promise<string[]> {
  const paths: string[] = [];
  for (const result of task.results) {
    const download = await comfleet.tasks.download(task.task_id, { index: result.index, signal });
    paths.push(
      await saveDownload(download, { folder, name: toFileName(result), sizeBytes: result.size_bytes }),
    );
  }
  return paths;
}

/**
 * Streams a file to `folder`, under a temporary name until it is whole; a taken name gets -2, -3 … Throws
 * INVALID_ANSWER when its size is not `sizeBytes`, by default what the server announced.
 */
export async function saveDownload(
  download: Download,
  place: { readonly folder: string; readonly name: string; readonly sizeBytes?: number },
): Promise<string> {
  const { folder, name, sizeBytes = download.sizeBytes } = place;
  await mkdir(folder, { recursive: true });
  const draft = join(folder, `.comfleet-${randomBytes(6).toString('hex')}.part`);
  try {
    await pipeline(readBody(download.body), createWriteStream(draft, { flags: 'wx' }));
    const { size } = await stat(draft);
    if (sizeBytes !== null && size !== sizeBytes) {
      throw new ComfleetError('INVALID_ANSWER', `${name} should have ${sizeBytes} bytes, but ${size} came.`);
    }
    return await giveName(draft, folder, name);
  } finally {
    await rm(draft, { force: true });
  }
}

async function* readBody(body: ReadableStream<Uint8Array>): AsyncIterable<Uint8Array> {
  const reader = body.getReader();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
  } finally {
    await reader.cancel();
  }
}

/** The result's own name without any folder; ids where it has none. */
export function toFileName(result: Pick<Result, 'name' | 'index' | 'asset_id'>): string {
  const name = result.name.split(/[/\\]/).at(-1) ?? '';
  return name === '' || name === '.' || name === '..' ? `${result.index}-${result.asset_id}` : name;
}

async function giveName(draft: string, folder: string, wanted: string): Promise<string> {
  const name = toPortableName(wanted);
  const { name: stem, ext } = parse(name);
  for (let copy = 1; ; copy += 1) {
    const path = resolve(folder, copy === 1 ? name : `${stem}-${copy}${ext}`);
    if (await tryName(draft, path)) return path;
  }
}

/** False when the name is taken. Hard links decide it without a gap; where there are none, an exclusive copy does. */
async function tryName(draft: string, path: string): Promise<boolean> {
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false;
    if (!isCode(error, 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EACCES')) throw error;
  }
  try {
    await copyFile(draft, path, constants.COPYFILE_EXCL);
    return true;
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false;
    throw error;
  }
}

function isCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}
