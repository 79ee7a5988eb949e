import { posix } from 'node:path';
import type { FileStore, FolderName } from './file-store.ts';

/** Where the next file of a prefix goes. */
export interface SavePath {
  readonly subfolder: string;
  readonly name: string;
  readonly counter: number;
}

/** The prefix points outside the folder. */
export class OutsideFolder extends Error {}

/** Resolves a filename_prefix as ComfyUI's get_save_image_path does: variables, subfolder, counter. */
export function planSave(
  store: FileStore,
  folder: FolderName,
  prefix: string,
  size: { readonly width: number; readonly height: number; readonly now: number },
): SavePath {
  const filled = prefix.includes('%') ? fillVariables(prefix, size) : prefix;
  const normal = posix.normalize(filled);
  const root = store.pathOf(folder);
  if (normal.startsWith('/') || normal === '..' || normal.startsWith('../')) {
    const full = posix.resolve(root, normal);
    throw new OutsideFolder(
      `**** ERROR: Saving image outside the output folder is not allowed.\n full_output_folder: ${posix.dirname(full)}\n         output_dir: ${root}\n         commonpath: /`,
    );
  }
  const directory = posix.dirname(normal);
  const subfolder = directory === '.' ? '' : directory;
  const name = posix.basename(normal);
  return { subfolder, name, counter: store.nextCounter(folder, subfolder, name) };
}

function fillVariables(prefix: string, size: { width: number; height: number; now: number }): string {
  const time = new Date(size.now);
  const two = (value: number): string => String(value).padStart(2, '0');
  return prefix
    .replaceAll('%width%', String(size.width))
    .replaceAll('%height%', String(size.height))
    .replaceAll('%year%', String(time.getFullYear()))
    .replaceAll('%month%', two(time.getMonth() + 1))
    .replaceAll('%day%', two(time.getDate()))
    .replaceAll('%hour%', two(time.getHours()))
    .replaceAll('%minute%', two(time.getMinutes()))
    .replaceAll('%second%', two(time.getSeconds()));
}

/** `name_00001_.ext`; `%batch_num%` in the name becomes the picture's index in the batch. */
export function numberedName(
  path: SavePath,
  offset: number,
  extension: string,
  batchNumber = offset,
): string {
  const name = path.name.replaceAll('%batch_num%', String(batchNumber));
  return `${name}_${String(path.counter + offset).padStart(5, '0')}_.${extension}`;
}

/** `name_00001.ext`, as newer save nodes of 0.33 write it. */
export function barelyNumberedName(path: SavePath, offset: number, extension: string): string {
  const name = path.name.replaceAll('%batch_num%', String(offset));
  return `${name}_${String(path.counter + offset).padStart(5, '0')}.${extension}`;
}
