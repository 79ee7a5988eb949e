import {
  chmodSync,
  closeSync,
  copyFileSync,
  fsync,
  futimesSync,
  linkSync,
  openSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { parentPort } from 'node:worker_threads';
import { makeFolderWithMode } from '../../platform/storage/folder-with-mode.ts';
import {
  errorCode,
  openMaking,
  renameMaking,
  type SyncDepth,
  syncFolder,
  withFolder,
} from './durable-files.ts';
import type { FileModes } from './settings.ts';

/*
 * The entry of a thread for the many small files of results. Making, renaming and linking a file waits for the file
 * system's journal, which every sync keeps busy; here that wait stops nobody's sockets.
 */

/** What is to be done; what is synced survives a loss of power before it is answered. */
export type BlobTask =
  | { kind: 'write'; temporary: string; path: string; bytes: Uint8Array; sync: SyncDepth }
  | { kind: 'renew'; path: string; atSeconds: number; sync: SyncDepth }
  | { kind: 'link'; from: string; path: string; modes: FileModes | null };
export type BlobRequest = { id: number; task: BlobTask };
export interface BlobReply {
  id: number;
  error: { code: string | null; message: string } | null;
}

const fullSync = promisify(fsync);

/**
 * The name is given before the bytes are synced, so that file and folder are synced in one wait. Until it is answered
 * the blob counts for nobody; a loss of power in between can leave a file of another size, which is rewritten.
 */
async function write({ temporary, path, bytes, sync }: BlobTask & { kind: 'write' }): Promise<void> {
  let name = temporary;
  try {
    const file = openMaking(temporary);
    try {
      // One call may write less than all, on a disk that is nearly full for one: the next call then says so.
      for (let at = 0; at < bytes.byteLength; ) at += writeSync(file, bytes, at);
      renameMaking(temporary, path);
      name = path;
      await syncTo(sync, file, path);
    } finally {
      closeSync(file);
    }
  } catch (thrown) {
    rmSync(name, { force: true });
    throw thrown;
  }
}

async function renew({ path, atSeconds, sync }: BlobTask & { kind: 'renew' }): Promise<void> {
  // For writing: only then Windows lets its times be set and its bytes be synced.
  const file = openSync(path, 'r+');
  try {
    futimesSync(file, atSeconds, atSeconds);
    await syncTo(sync, file, path);
  } finally {
    closeSync(file);
  }
}

async function syncTo(depth: SyncDepth, file: number, path: string): Promise<void> {
  if (depth === 'none') return;
  // Both to their end: a file must not be closed while it is being synced.
  const results = await Promise.allSettled([
    fullSync(file),
    depth === 'file' ? undefined : syncFolder(dirname(path)),
  ]);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

/** The copy is the blob under another name: what others may read of it they still reach by this name alone. */
function link({ from, path, modes }: BlobTask & { kind: 'link' }): void {
  if (modes) makeFolderWithMode(dirname(path), modes.folder);
  try {
    withFolder(path, () => linkSync(from, path));
  } catch (thrown) {
    if (errorCode(thrown) !== 'EEXIST') copyFileSync(from, path);
  }
  if (modes) chmodSync(path, modes.file);
}

function run(task: BlobTask): Promise<void> | void {
  switch (task.kind) {
    case 'write':
      return write(task);
    case 'renew':
      return renew(task);
    case 'link':
      return link(task);
  }
}

async function answer({ id, task }: BlobRequest): Promise<BlobReply> {
  try {
    await run(task);
    return { id, error: null };
  } catch (thrown) {
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    return { id, error: { code: errorCode(thrown), message } };
  }
}

function serve(): void {
  const port = parentPort;
  if (!port) throw new Error('this file is the entry of a worker thread');
  port.on('message', (request: BlobRequest) => {
    void answer(request).then((reply) => port.postMessage(reply));
  });
}

serve();
