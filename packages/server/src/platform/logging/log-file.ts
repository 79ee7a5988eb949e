import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import type { Clock } from '../time/clock.ts';

export interface LogFileOptions {
  path: string;
  clock: Pick<Clock, 'nowMs' | 'monotonicMs'>;
  /** A file that would exceed this is rotated first; default 10 MiB. */
  maxBytes?: number;
  /** Older files kept as `path.1` …; default 5. */
  keep?: number;
}

/** Delay before an unwritable file is tried again. */
const RETRY_MS = 1000;
/** Never blocks on a reader: a pipe of the log's name is refused instead. */
const FLAGS = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK;

interface OpenLog {
  file: number;
  sizeBytes: number;
}

/**
 * The file for log lines; each is written before the next step runs. Never throws: lines that cannot be written are counted and
 * dropped, and the next line that can be written gives their number. Rotates by size; readable by its owner only.
 */
export class LogFile {
  readonly #options: Required<LogFileOptions>;
  #open: OpenLog | null = null;
  #problem: string | null = null;
  #retryAtMs = Number.NEGATIVE_INFINITY;
  #lost = 0;
  /** The last line was cut by a full disk. */
  #isTorn = false;

  constructor(options: LogFileOptions) {
    this.#options = { maxBytes: 10 * 1024 * 1024, keep: 5, ...options };
  }

  /** Retries once; returns why log lines are being lost, or null if they are written. */
  check(): string | null {
    if (this.#problem !== null && this.#mayTry()) this.#try('');
    return this.#problem;
  }

  write(line: string): void {
    if (!this.#mayTry() || !this.#try(line)) this.#lost += 1;
  }

  close(): void {
    if (this.#open) closeSync(this.#open.file);
    this.#open = null;
  }

  #mayTry(): boolean {
    return this.#problem === null || this.#options.clock.monotonicMs() >= this.#retryAtMs;
  }

  #try(line: string): boolean {
    try {
      this.#append(this.#lost === 0 ? line : this.#describeLost() + line);
      this.#problem = null;
      this.#lost = 0;
      return true;
    } catch (thrown) {
      this.#giveUp(thrown);
      return false;
    }
  }

  #append(text: string): void {
    const bytes = Buffer.from(this.#isTorn ? `\n${text}` : text);
    const open = this.#openFor(bytes.byteLength);
    for (let at = 0; at < bytes.byteLength; ) {
      const written = writeSync(open.file, bytes, at);
      at += written;
      open.sizeBytes += written;
      this.#isTorn = at < bytes.byteLength;
    }
  }

  #giveUp(thrown: unknown): void {
    this.#problem = thrown instanceof Error ? thrown.message : String(thrown);
    this.#retryAtMs = this.#options.clock.monotonicMs() + RETRY_MS;
    const open = this.#open;
    this.#open = null;
    try {
      if (open) closeSync(open.file);
    } catch {
      // Some file systems report a failed write again on close; the file is reopened either way.
    }
  }

  #describeLost(): string {
    const time = new Date(this.#options.clock.nowMs()).toISOString();
    return `${JSON.stringify({ level: 'error', time, lines: this.#lost, reason: this.#problem, event: 'log.lines_lost' })}\n`;
  }

  #openFor(bytes: number): OpenLog {
    const { path, maxBytes } = this.#options;
    const open = this.#open ?? openLog(path);
    this.#open = open;
    if (open.sizeBytes === 0 || open.sizeBytes + bytes <= maxBytes) return open;
    this.#open = null;
    closeSync(open.file);
    this.#rotate();
    this.#open = openLog(path);
    return this.#open;
  }

  #rotate(): void {
    const { path, keep } = this.#options;
    rmSync(keep === 0 ? path : `${path}.${keep}`, { force: true });
    for (let number = keep - 1; number >= 0; number -= 1) {
      const from = number === 0 ? path : `${path}.${number}`;
      try {
        renameSync(from, `${path}.${number + 1}`);
      } catch (thrown) {
        if (!isMissing(thrown)) throw thrown;
      }
    }
  }
}

function openLog(path: string): OpenLog {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const file = openSync(path, FLAGS, 0o600);
  try {
    const stats = fstatSync(file);
    if (!stats.isFile()) throw new Error(`${path} is not a regular file`);
    fchmodSync(file, 0o600);
    return { file, sizeBytes: stats.size };
  } catch (thrown) {
    closeSync(file);
    throw thrown;
  }
}

function isMissing(thrown: unknown): boolean {
  return thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT';
}
