import { constants } from 'node:fs';
import { access, open, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { Database } from '../database/database.ts';
import type { SettingTables } from '../database/setting-tables.ts';
import { findSetting, saveSetting } from '../database/stored-settings.ts';
import { AppError } from '../errors/app-error.ts';
import { hasCode } from '../errors/error-details.ts';
import { every } from '../lifecycle/every.ts';
import type { Scope } from '../lifecycle/scope.ts';
import type { Logger } from '../logging/logger.ts';
import type { Clock } from '../time/clock.ts';
import { deriveStorageState, type StorageSigns, type StorageState } from './storage-state.ts';

export interface StorageWatchDeps {
  clock: Clock;
  logger: Logger;
  /** Everything that must be writable; the first is the data folder. */
  folders: readonly [string, ...string[]];
  /** Why log lines are being lost; null when none is. */
  logProblem: () => string | null;
  /** Called when the state's kind changes. */
  onChange: (state: StorageState) => void;
}

const POLL_MS = 1000;
const PROBE_SETTING = 'storage_probe';
/** As much as a group of small commits takes. */
const PROBE_BYTES = 64 * 1024;

/** Opens the watch: it checks each second until the scope closes. */
export function openStorageWatch(scope: Scope, deps: StorageWatchDeps): StorageWatch {
  const watch = new StorageWatch(deps);
  const { clock, logger } = deps;
  every(scope, { name: 'storage watch', intervalMs: POLL_MS, clock, logger }, () => watch.check());
  return watch;
}

/**
 * Knows whether data can be stored, and notices by itself when it can again. Normally it writes nothing; after a refused write it
 * tries one of its own each second. Damage persists until the file is restored.
 */
export class StorageWatch {
  readonly #deps: StorageWatchDeps;
  #database: Database<SettingTables> | null = null;
  #signs: StorageSigns = { refused: null, folder: null, freeBytes: null, log: null };
  #state: StorageState = { kind: 'ok' };

  constructor(deps: StorageWatchDeps) {
    this.#deps = deps;
  }

  get state(): StorageState {
    return this.#state;
  }

  get freeBytes(): number | null {
    return this.#signs.freeBytes;
  }

  /** Wraps the database; the watch sees every refused write, and uses it for its own probe writes. */
  follow(database: Database<unknown>): Database<unknown> {
    this.#database = database;
    const recordAndThrow = (thrown: unknown): never => {
      this.#recordRefusal(thrown);
      throw thrown;
    };
    return {
      driver: database.driver,
      k: database.k,
      read: (query) => database.read(query).catch(recordAndThrow),
      commit: (writes) => database.commit(writes).catch(recordAndThrow),
      nowMs: () => database.nowMs(),
      close: () => database.close(),
    };
  }

  async check(): Promise<void> {
    const { folders, logProblem } = this.#deps;
    const wasWell = this.#signs.refused === null && this.#signs.folder === null;
    const freeBytes = await readFreeBytes(folders[0]);
    const folder = await findUnwritable(folders, wasWell ? checkAccess : writeProbe);
    const refused = await this.#tryAgain();
    this.#update({ refused, folder, freeBytes, log: logProblem() });
  }

  #recordRefusal(thrown: unknown): void {
    if (!(thrown instanceof AppError)) return;
    if (!hasCode(thrown, 'STORAGE_FULL') && !hasCode(thrown, 'DATABASE_DAMAGED')) return;
    const { code, details, cause } = thrown;
    this.#deps.logger.error('storage.refused', { code, cause });
    this.#update({ ...this.#signs, refused: { code, reason: details?.reason ?? code } });
  }

  /** The present refusal, found by a small durable write of our own; null if it succeeds. */
  async #tryAgain(): Promise<StorageSigns['refused']> {
    const { refused } = this.#signs;
    const database = this.#database;
    if (refused?.code !== 'STORAGE_FULL' || !database) return refused;
    try {
      const seen = await findSetting(database, PROBE_SETTING);
      await saveSetting(database, { name: PROBE_SETTING, value: String(database.nowMs()), seen });
      return null;
    } catch (thrown) {
      if (!(thrown instanceof AppError)) throw thrown;
      return refused;
    }
  }

  #update(signs: StorageSigns): void {
    this.#signs = signs;
    const before = this.#state;
    this.#state = deriveStorageState(signs);
    if (this.#state.kind === before.kind) return;
    const line = { ...this.#state, freeBytes: signs.freeBytes };
    if (this.#state.kind === 'ok') this.#deps.logger.info('storage.well', line);
    else this.#deps.logger.error('storage.trouble', line);
    this.#deps.onChange(this.#state);
  }
}

async function readFreeBytes(folder: string): Promise<number | null> {
  try {
    const { bavail, bsize, blocks } = await statfs(folder);
    return blocks > 0 ? bavail * bsize : null;
  } catch {
    return null; // some file systems do not report it
  }
}

/** The system's code for the first folder that fails the test; null if none does. */
async function findUnwritable(
  folders: readonly string[],
  check: (folder: string) => Promise<void>,
): Promise<string | null> {
  for (const folder of folders) {
    try {
      await check(folder);
    } catch (thrown) {
      return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : String(thrown);
    }
  }
  return null;
}

function checkAccess(folder: string): Promise<void> {
  return access(folder, constants.W_OK);
}

async function writeProbe(folder: string): Promise<void> {
  const path = join(folder, '.storage-probe');
  const file = await open(path, 'w', 0o600);
  try {
    await file.writeFile(Buffer.alloc(PROBE_BYTES));
    await file.sync();
  } finally {
    await file.close();
    await rm(path, { force: true });
  }
}
