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
 * Entry of a thread for the many small files of results. Creating, renaming and linking a file waits for the file system's
 * journal, which every sync keeps busy; in this thread the wait blocks no sockets.
 */

/** A task for the thread; what is synced survives a power loss once the task is done. */
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
 * Renames the file before its bytes are synced, so that one wait syncs file and folder. The blob is not used until that is done;
 * a power loss in between can leave a file of another size, which is rewritten.
 */
async function write({ temporary, path, bytes, sync }: BlobTask & { kind: 'write' }): Promise<void> {
  let name = temporary;
  try {
    const file = openMaking(temporary);
    try {
      // One call may write only part, as on a nearly full disk; the next call then fails.
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
  // Opened for writing: only then Windows can set its times and sync its bytes.
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

/** Links a blob under a readable name; others can read it only by that name. */
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

async function handle({ id, task }: BlobRequest): Promise<BlobReply> {
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
    void handle(request).then((reply) => port.postMessage(reply));
  });
}

serve();
