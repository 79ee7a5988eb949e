import { closeSync, copyFileSync, fdatasync, linkSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { parentPort } from 'node:worker_threads';
import { errorCode, openMaking, renameMaking, syncFolder, withFolder } from './durable-files.ts';

/*
 * The entry of a thread for the many small files of results. Making, renaming and linking a file waits for the file
 * system's journal, which every sync keeps busy; here that wait stops nobody's sockets.
 */

/** What is to be done; with `sync` it survives a loss of power before it is answered. */
export type BlobTask =
  | { kind: 'write'; temporary: string; path: string; bytes: Uint8Array; sync: boolean }
  | { kind: 'link'; from: string; path: string };
export type BlobRequest = { id: number; task: BlobTask };
export interface BlobReply {
  id: number;
  error: { code: string | null; message: string } | null;
}

const dataSync = promisify(fdatasync);

async function write({ temporary, path, bytes, sync }: BlobTask & { kind: 'write' }): Promise<void> {
  try {
    const file = openMaking(temporary);
    try {
      // One call may write less than all, on a disk that is nearly full for one: the next call then says so.
      for (let at = 0; at < bytes.byteLength; ) at += writeSync(file, bytes, at);
      if (sync) await dataSync(file);
    } finally {
      closeSync(file);
    }
    renameMaking(temporary, path);
    if (sync) await syncFolder(dirname(path));
  } catch (thrown) {
    rmSync(temporary, { force: true });
    throw thrown;
  }
}

function link({ from, path }: BlobTask & { kind: 'link' }): void {
  try {
    withFolder(path, () => linkSync(from, path));
  } catch (thrown) {
    if (errorCode(thrown) !== 'EEXIST') copyFileSync(from, path);
  }
}

async function answer({ id, task }: BlobRequest): Promise<BlobReply> {
  try {
    if (task.kind === 'write') await write(task);
    else link(task);
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
