import { execFileSync, spawn } from 'node:child_process';
import { chownSync, closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const READY_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 15_000;

/**
 * A running private server.
 * @typedef {{ url: string, pid: number, stop: () => Promise<void> }} RunningService
 */

/** A port of 127.0.0.1 that is free now, chosen by the kernel. @returns {Promise<number>} */
export function findFreePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      const port = typeof address === 'object' && address ? address.port : 0;
      probe.close(() => resolve(port));
    });
  });
}

/**
 * The account to run a server under: its own if we are root (PostgreSQL refuses root), otherwise ours.
 * @param {string} account
 * @returns {{ uid?: number, gid?: number }}
 */
export function chooseAccount(account) {
  if (process.getuid?.() !== 0) return {};
  for (const name of [account, 'nobody']) {
    try {
      const read = (/** @type {string} */ flag) =>
        Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
      return { uid: read('-u'), gid: read('-g') };
    } catch {
      // This account does not exist; try the next one.
    }
  }
  return {};
}

/**
 * Creates a folder owned by the account.
 * @param {string} path
 * @param {{ uid?: number, gid?: number }} account
 */
export function makeOwnedFolder(path, account) {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  if (account.uid !== undefined && account.gid !== undefined) chownSync(path, account.uid, account.gid);
}

/**
 * Runs a program to its end; rejects with its output when it fails.
 * @param {string} program
 * @param {string[]} args
 * @param {{ cwd: string, uid?: number, gid?: number }} options
 * @returns {Promise<void>}
 */
export function runToEnd(program, args, options) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const collect = (/** @type {Buffer} */ chunk) => {
      output += chunk.toString();
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.once('error', reject);
    child.once('exit', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`${program} ended with ${code}:\n${output.slice(-4000)}`));
    });
  });
}

/**
 * Starts a server and waits until `connect` succeeds; rejects with the server's log when it ends first.
 * @param {{ program: string, args: string[], folder: string, account: { uid?: number, gid?: number },
 *   stopSignal: NodeJS.Signals, url: string, connect: () => Promise<void> }} plan
 * @returns {Promise<RunningService>}
 */
export async function startServer(plan) {
  const logPath = join(plan.folder, 'server.log');
  const log = openSync(logPath, 'a');
  const child = spawn(plan.program, plan.args, {
    ...plan.account,
    cwd: plan.folder,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  /** @type {string | undefined} */
  let ended;
  const exit = new Promise((/** @type {(value: void) => void} */ resolve) => {
    const finish = (/** @type {string} */ why) => {
      ended = why;
      resolve();
    };
    child.once('error', (error) => finish(error.message));
    child.once('exit', (code, signal) => finish(`exit ${code ?? signal}`));
  });
  const stop = async () => {
    if (ended !== undefined) return;
    child.kill(plan.stopSignal);
    const stopped = await Promise.race([
      exit.then(() => true),
      sleep(STOP_TIMEOUT_MS, false, { ref: false }),
    ]);
    if (!stopped) child.kill('SIGKILL');
    await exit;
  };
  const deadline = Date.now() + READY_TIMEOUT_MS;
  for (;;) {
    const problem = await plan.connect().then(
      () => undefined,
      (/** @type {unknown} */ error) => error,
    );
    if (problem === undefined) return { url: plan.url, pid: child.pid ?? 0, stop };
    if (ended !== undefined || Date.now() > deadline) {
      await stop();
      const tail = readFileSync(logPath, 'utf8').slice(-4000);
      throw new Error(`${plan.program} did not become ready (${ended ?? 'time is up'}):\n${tail}`, {
        cause: problem,
      });
    }
    await sleep(100);
  }
}
