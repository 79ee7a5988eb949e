import { createReadStream, createWriteStream } from 'node:fs';
import { open, rename, rm, stat, truncate } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { stripVTControlCharacters } from 'node:util';
import { cutText } from '@comfleet/comfyui';

/** A log file that another process appends to. */
export interface CappedLogOptions {
  path: string;
  /** Above this the file is rotated; default 10 MiB. */
  maxBytes?: number;
  /** Older files kept as `path.1` …; default 3. */
  keep?: number;
}

const TAIL_BYTES = 256 * 1024;
/** A file grows beyond its limit between checks; above this many times the limit its beginning is dropped. */
const MAX_TIMES = 8;
const LINE_BYTES = 2048;

/**
 * Moves the text of a log that grew too large to `path.1` and truncates it in place: the writer holds the file open in append
 * mode and continues at the start. Lines written at that moment may be lost. Returns true if it rotated.
 */
export async function rotateLog(options: CappedLogOptions): Promise<boolean> {
  const { path, maxBytes = 10 * 1024 * 1024, keep = 3 } = options;
  if ((await sizeOf(path)) <= maxBytes) return false;
  await rm(`${path}.${keep}`, { force: true });
  for (let number = keep - 1; number >= 1; number -= 1) {
    if ((await sizeOf(`${path}.${number}`)) >= 0) await rename(`${path}.${number}`, `${path}.${number + 1}`);
  }
  if (keep >= 1) await copyEnd(path, `${path}.1`, MAX_TIMES * maxBytes);
  await truncate(path, 0);
  return true;
}

/** The last lines of a log without colours, from at most 256 KiB of it and 2 KiB each; none if there is no file. */
export async function readLogTail(path: string, lines: number): Promise<string[]> {
  const size = await sizeOf(path);
  if (size <= 0) return [];
  const length = Math.min(size, TAIL_BYTES);
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
    // ComfyUI 0.23 and later colour their lines even without a terminal.
    const plain = stripVTControlCharacters(buffer.subarray(0, bytesRead).toString('utf8'));
    const text = plain.replace(/\r?\n$/, '');
    const all = text.split(/\r?\n|\r/);
    return all.slice(Math.max(0, all.length - lines)).map((line) => cutText(line, LINE_BYTES));
  } finally {
    await file.close();
  }
}

/** A process may write any amount between two checks: no more is kept than of a file that grew slowly. */
async function copyEnd(from: string, to: string, maxBytes: number): Promise<void> {
  const start = Math.max(0, (await sizeOf(from)) - maxBytes);
  await pipeline(createReadStream(from, { start }), createWriteStream(to, { mode: 0o600 }));
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch {
    return -1; // does not exist yet
  }
}
