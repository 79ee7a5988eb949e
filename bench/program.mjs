import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

/**
 * One of our programs, running in parallel to the bench.
 * @typedef {object} Program
 * @property {number} pid
 * @property {(pattern: RegExp) => Promise<string>} waitForLine the first group of the first matching line, past or future
 * @property {Promise<number | null>} exited its exit code
 * @property {() => Promise<void>} stop
 * @property {() => Promise<void>} kill like `kill -9`
 */

const RETAINED_LINES = 50;
const STOP_WAIT_MS = 20_000;

/**
 * Starts `node` with these arguments. Its output is read to the end, so that it never blocks on a full pipe.
 * @param {readonly string[]} args
 * @returns {Program}
 */
export function startProgram(args) {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  /** @type {string[]} */
  const lines = [];
  /** @type {Set<(line: string) => void>} */
  const listeners = new Set();
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      if (lines.length > RETAINED_LINES) lines.shift();
      for (const listener of listeners) listener(line);
    });
  }
  /** @type {Promise<number | null>} */
  const exited = new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code));
  });

  /** @param {RegExp} pattern @returns {Promise<string>} */
  function waitForLine(pattern) {
    const past = lines.map((line) => pattern.exec(line)?.[1]).find((found) => found !== undefined);
    if (past !== undefined) return Promise.resolve(past);
    return new Promise((resolve, reject) => {
      const listener = (/** @type {string} */ line) => {
        const found = pattern.exec(line)?.[1];
        if (found === undefined) return;
        listeners.delete(listener);
        resolve(found);
      };
      listeners.add(listener);
      void exited.then((code) => {
        reject(new Error(`it ended (${code}) before it printed ${pattern}:\n${lines.slice(-20).join('\n')}`));
      });
    });
  }

  return { pid: child.pid ?? 0, waitForLine, exited, stop, kill };

  async function kill() {
    child.kill('SIGKILL');
    await exited;
  }

  async function stop() {
    child.kill('SIGINT');
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_WAIT_MS);
    await exited;
    clearTimeout(timer);
  }
}

/** Linux reports processor time in hundredths of a second. */
const MS_PER_TICK = 10;

/**
 * Processor time used by all threads of a process, in ms, or by its main thread alone with `thread: 'main'`. NaN where there
 * is no /proc.
 * @param {number} pid @param {{ thread?: 'all' | 'main' }} [options]
 */
export function readCpuMs(pid, { thread = 'all' } = {}) {
  const file = thread === 'main' ? `/proc/${pid}/task/${pid}/stat` : `/proc/${pid}/stat`;
  try {
    const text = readFileSync(file, 'utf8');
    // The name in parentheses may contain spaces: fields are counted after it (proc(5): utime 14, stime 15).
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK;
  } catch {
    // Not Linux, or the process is gone: unknown.
    return Number.NaN;
  }
}
