import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import type { Clock } from '../platform/clock.ts';

export type FolderName = 'output' | 'input' | 'temp';

export interface StoredFile {
  readonly bytes: Buffer;
  readonly modifiedMs: number;
}

/** ComfyUI's three folders. Paths are relative, with `/`, and were checked by the caller. */
export interface FileStore {
  read(folder: FolderName, path: string): StoredFile | undefined;
  write(folder: FolderName, path: string, bytes: Buffer): void;
  /** Names of files and folders directly in `directory`; undefined if it does not exist. */
  list(folder: FolderName, directory: string): readonly string[] | undefined;
  /** The next free number for `<name>_<number>_`, as ComfyUI computes it (max existing + 1). */
  nextCounter(folder: FolderName, directory: string, name: string): number;
  clear(folder: FolderName): void;
  pathOf(folder: FolderName): string;
}

/** One more than the largest number among `<name>_<number>_…` and `<name>_<number>.…`, from a list of file names. */
export function computeCounter(names: readonly string[], name: string): number {
  let highest = 0;
  for (const candidate of names) {
    if (candidate.slice(0, name.length + 1) !== `${name}_`) continue;
    const digits = /^\s*[+-]?\d+\s*$/.exec(candidate.slice(name.length + 1).split(/[._]/)[0] ?? '');
    if (digits !== null) highest = Math.max(highest, Number(digits[0]));
  }
  return highest + 1;
}

/** Files in memory. Counters are cached to keep long runs fast. */
export function createMemoryStore(clock: Clock): FileStore {
  const folders: Record<FolderName, Map<string, Map<string, StoredFile>>> = {
    output: new Map([['', new Map()]]),
    input: new Map([['', new Map()]]),
    temp: new Map([['', new Map()]]),
  };
  const counters = new Map<string, number>();
  return {
    read: (folder, path) => folders[folder].get(directoryOf(path))?.get(posix.basename(path)),
    write(folder, path, bytes) {
      const directory = directoryOf(path);
      let files = folders[folder].get(directory);
      if (files === undefined) {
        files = new Map();
        folders[folder].set(directory, files);
      }
      const name = posix.basename(path);
      files.set(name, { bytes, modifiedMs: clock.now() });
      const numbered = /^(.*)_(\d+)(?:_[^_]*|\.[^_]*)$/.exec(name);
      if (numbered !== null) {
        const key = `${folder}\0${directory}\0${numbered[1] ?? ''}`;
        counters.set(key, Math.max(counters.get(key) ?? 1, Number(numbered[2]) + 1));
      }
    },
    list(folder, directory) {
      const files = folders[folder].get(directory);
      return files === undefined ? undefined : [...files.keys()];
    },
    nextCounter: (folder, directory, name) => counters.get(`${folder}\0${directory}\0${name}`) ?? 1,
    clear(folder) {
      folders[folder].clear();
      folders[folder].set('', new Map());
      for (const key of [...counters.keys()]) if (key.startsWith(`${folder}\0`)) counters.delete(key);
    },
    pathOf: (folder) => `/simulated/${folder}`,
  };
}

/** Files on disk, each folder at its given path. */
export function createDiskStore(roots: Record<FolderName, string>): FileStore {
  return {
    read(folder, path) {
      try {
        const full = join(roots[folder], path);
        const stat = statSync(full);
        return stat.isFile() ? { bytes: readFileSync(full), modifiedMs: stat.mtimeMs } : undefined;
      } catch (error) {
        if (isAbsent(error)) return undefined;
        throw error;
      }
    },
    write(folder, path, bytes) {
      mkdirSync(join(roots[folder], directoryOf(path)), { recursive: true });
      writeFileSync(join(roots[folder], path), bytes);
    },
    list: (folder, directory) => listDirectory(join(roots[folder], directory)),
    nextCounter: (folder, directory, name) =>
      computeCounter(listDirectory(join(roots[folder], directory)) ?? [], name),
    clear(folder) {
      rmSync(roots[folder], { recursive: true, force: true });
    },
    pathOf: (folder) => roots[folder],
  };
}

function listDirectory(path: string): readonly string[] | undefined {
  try {
    return readdirSync(path);
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

function directoryOf(path: string): string {
  const directory = posix.dirname(path);
  return directory === '.' ? '' : directory;
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}
