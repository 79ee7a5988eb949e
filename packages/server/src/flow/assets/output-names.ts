import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import { toPortableName } from '@comfleet/comfyui';
import type { Logger } from '../../platform/logging/logger.ts';
import type { TaskRow } from '../tasks/task-tables.ts';
import type { AssetRow } from './asset-tables.ts';
import type { BlobStore } from './blob-store.ts';
import { safeName } from './safe-name.ts';

export interface NamingDeps {
  blobs: BlobStore;
  logger: Logger;
  /** Null: no readable copies. */
  outputDir: string | null;
}

/**
 * Creates readable copies of results below output_dir: hard links that are never read back. They are made after the result is
 * visible, so that a full or missing folder cannot lose a result.
 */
export function publishNames(
  { blobs, logger, outputDir }: NamingDeps,
  task: TaskRow,
  assets: readonly AssetRow[],
): void {
  if (outputDir === null || task.door === 'trial') return;
  for (const asset of assets) {
    const path = createOutputPath(outputDir, task, asset);
    blobs.linkTo(asset.blob_hash, path).catch((thrown: unknown) => {
      logger.warn('output.name_failed', { taskId: task.id, path, error: thrown });
    });
  }
}

/** Path of the readable copy of a result. */
export function createOutputPath(outputDir: string, task: TaskRow, asset: AssetRow): string {
  return join(
    resolveBelow(outputDir, task.output_path ?? defaultFolder(task)),
    createOutputName(task, asset),
  );
}

/** p{project}/{YYYYMMDD} for projects, else {YYYYMMDD}: independent of names that users change. */
function defaultFolder(task: TaskRow): string {
  const day = new Date(task.created_at).toISOString().slice(0, 10).replaceAll('-', '');
  return task.project_id ? join(`p${task.project_id}`, day) : day;
}

/** Resolves a path from a user below the root; one that leads out of it is reduced to its last part. */
function resolveBelow(root: string, path: string): string {
  const inside = relative(root, resolve(root, path));
  // Absolute when it is on another drive.
  const leaves = inside.startsWith('..') || isAbsolute(inside);
  if (leaves || inside === '') return join(root, safeName(path));
  const folders = inside.split(sep).map((name) => cutToBytes(toPortableName(name), MAX_FOLDER_BYTES));
  return join(root, ...folders);
}

/** Longest name of a folder that file systems take, bytes. */
const MAX_FOLDER_BYTES = 255;
/** Longest readable part and extension of a name, bytes: file systems take 255 in all. */
const MAX_NAMED_BYTES = 180;
const MAX_EXTENSION_BYTES = 24;

/**
 * Creates a unique name: prefix, task, item, index, time. A request's pattern may use {prefix} {task} {item} {index} {time}; the
 * task's id, and the index of every file but the first, are added if the pattern lacks them.
 */
export function createOutputName(task: TaskRow, asset: AssetRow): string {
  const dot = asset.name.lastIndexOf('.');
  const extension = cutToBytes(dot > 0 ? asset.name.slice(dot) : '', MAX_EXTENSION_BYTES);
  const prefix = (dot > 0 ? asset.name.slice(0, dot) : asset.name).replace(/_\d{5}_?$/, '');
  const time = new Date(asset.created_at).toISOString().replace(/[-:]/g, '').replace(/\..*/, '');
  const taskId = task.id.slice(-12);
  const values = new Map([
    ['prefix', prefix],
    ['task', taskId],
    ['item', String(task.batch_index ?? 0).padStart(4, '0')],
    ['index', String(asset.output_index)],
    ['time', time],
  ]);
  const pattern = task.file_name ?? '{prefix}_{time}_{item}_{index}';
  const wanted = pattern
    .replace(/\{(\w+)\}/g, (whole, key: string) => values.get(key) ?? whole)
    .replace(/[/\\]/g, '_');
  const named = cutToBytes(wanted, MAX_NAMED_BYTES);
  const unique = named.includes(taskId) ? named : `${named}_${taskId}`;
  const hasIndex = pattern.includes('{index}') && named === wanted;
  const numbered = asset.output_index > 0 && !hasIndex ? `${unique}_${asset.output_index}` : unique;
  return safeName(`${numbered}${extension}`);
}

/** Cuts between characters, never inside one. */
function cutToBytes(text: string, maxBytes: number): string {
  if (Buffer.byteLength(text) <= maxBytes) return text;
  let shortened = '';
  for (const character of text) {
    if (Buffer.byteLength(shortened + character) > maxBytes) break;
    shortened += character;
  }
  return shortened;
}
