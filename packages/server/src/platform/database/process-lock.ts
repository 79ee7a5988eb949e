import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { AppError, toError } from '../errors/app-error.ts';
import type { Scope } from '../lifecycle/scope.ts';
import type { Logger } from '../logging/logger.ts';
import type { Clock } from '../time/clock.ts';
import { openSession } from './open-database.ts';
import type { Session } from './server-pool.ts';
import type { DatabaseConfig } from './settings.ts';
import { readCode, SQLITE_BUSY } from './sqlite-codes.ts';
import { toSqliteError } from './sqlite-error.ts';
import { within } from './within.ts';

type ServerConfig = Exclude<DatabaseConfig, { driver: 'sqlite' }>;

/** Key of PostgreSQL's advisory lock; MySQL's lock is named after the database. */
const LOCK_KEY = 1_668_247_910;
const HEARTBEAT_MS = 5000;
const RETRY_MS = 1000;
const TAKE_ATTEMPTS = 4;
const TAKE_PAUSE_MS = 250;

export interface ProcessLockDeps {
  clock: Clock;
  logger: Logger;
  /** Another process took over the data: stop at once. Called at most once. */
  onLost: (error: Error) => void;
}

/** The exclusive right of one process to the data; held until the scope closes or the process dies. */
export interface ProcessLock {
  /** The generation of this process; a lock regained after a lost connection counts only while it is still the newest. */
  remember(generation: number): void;
  /** False while a lost connection is being replaced and after the lock was lost for good. */
  isHeld(): boolean;
}

/**
 * Takes the lock that keeps a second server off the same data (E17). The kernel or the database server frees it when
 * this process ends in any way. Throws DATABASE_LOCKED with the holder's address.
 */
export async function openProcessLock(
  scope: Scope,
  config: DatabaseConfig,
  deps: ProcessLockDeps,
): Promise<ProcessLock> {
  if (config.driver === 'sqlite') return openFileLock(scope, config.file);
  const lock = new SessionLock(scope, config, deps);
  await lock.open();
  scope.add('process-lock', () => lock.close());
  return lock;
}

async function openFileLock(scope: Scope, file: string): Promise<ProcessLock> {
  await mkdir(dirname(file), { recursive: true });
  const db = openLockFile(`${file}.lock`);
  try {
    db.exec('begin exclusive');
  } catch (thrown) {
    db.close();
    if (readCode(thrown) !== SQLITE_BUSY) throw toSqliteError(thrown, `${file}.lock`);
    throw new AppError('DATABASE_LOCKED', { address: loadSqliteAddress(file) }, { cause: toError(thrown) });
  }
  scope.add('process-lock', () => db.close());
  return { remember: () => {}, isHeld: () => db.isOpen };
}

function openLockFile(file: string): InstanceType<typeof DatabaseSync> {
  try {
    return new DatabaseSync(file);
  } catch (thrown) {
    throw toSqliteError(thrown, file);
  }
}

function loadSqliteAddress(file: string): string | null {
  try {
    const db = new DatabaseSync(file, { readOnly: true });
    try {
      const row = db.prepare("select value from setting where name = 'address'").get();
      return row ? String((row as { value: unknown }).value) : null;
    } finally {
      db.close();
    }
  } catch {
    // The holder has not created its tables yet; nothing more is known of it.
    return null;
  }
}

/** A lock that lives as long as a connection. After a restart of the database server it is taken again. */
class SessionLock implements ProcessLock {
  readonly #scope: Scope;
  readonly #config: ServerConfig;
  readonly #deps: ProcessLockDeps;
  #session: Session | null = null;
  #generation: number | null = null;
  #watching: Promise<void> = Promise.resolve();

  constructor(scope: Scope, config: ServerConfig, deps: ProcessLockDeps) {
    this.#scope = scope;
    this.#config = config;
    this.#deps = deps;
  }

  remember(generation: number): void {
    this.#generation = generation;
  }

  isHeld(): boolean {
    return this.#session !== null;
  }

  async open(): Promise<void> {
    this.#session = await this.#take();
    this.#watching = this.#watch();
  }

  async close(): Promise<void> {
    await this.#watching;
    await this.#session?.close();
  }

  /** Opens a session that holds the lock. Throws DATABASE_LOCKED if another process holds it, UNAVAILABLE without a response. */
  async #take(): Promise<Session> {
    const session = await openSession(this.#config);
    try {
      // If the holder was just killed, its database server may need a moment to notice.
      for (let attempt = 1; attempt <= TAKE_ATTEMPTS; attempt += 1) {
        if (await tryLock(session, this.#config)) return session;
        await this.#deps.clock.sleep(TAKE_PAUSE_MS, this.#scope.signal);
      }
      throw new AppError('DATABASE_LOCKED', { address: await loadSetting(session, 'address') });
    } catch (thrown) {
      await session.close();
      throw thrown;
    }
  }

  async #watch(): Promise<void> {
    const { signal } = this.#scope;
    while (!signal.aborted && this.#session) {
      const reason = await this.#waitForEnd(this.#session);
      if (signal.aborted) return;
      this.#session = null;
      this.#deps.logger.warn('database.lock_connection_lost', { error: reason });
      this.#session = await this.#regain();
    }
  }

  /** Resolves when the connection ends, misses a heartbeat, or the scope closes. */
  async #waitForEnd(session: Session): Promise<Error> {
    const { clock } = this.#deps;
    let ended: Error | null = null;
    const stop = new AbortController();
    const signal = AbortSignal.any([this.#scope.signal, stop.signal]);
    void session.ended.then((error) => {
      ended = error;
      stop.abort();
    });
    try {
      for (;;) {
        await clock.sleep(HEARTBEAT_MS, signal);
        await within(clock, HEARTBEAT_MS, session.run('select 1'));
      }
    } catch (thrown) {
      return ended ?? toError(thrown);
    }
  }

  async #regain(): Promise<Session | null> {
    const { clock, logger, onLost } = this.#deps;
    const { signal } = this.#scope;
    while (!signal.aborted) {
      try {
        const session = await this.#take();
        const newest = await loadSetting(session, 'generation');
        if (this.#generation === null || newest === String(this.#generation)) {
          logger.info('database.lock_regained');
          return session;
        }
        await session.close();
        onLost(new AppError('DATABASE_LOCKED', { address: null, generation: newest }));
        return null;
      } catch (thrown) {
        if (thrown instanceof AppError && thrown.code === 'DATABASE_LOCKED') {
          onLost(thrown);
          return null;
        }
        await sleepQuietly(clock, signal);
      }
    }
    return null;
  }
}

async function tryLock(session: Session, { driver, database }: ServerConfig): Promise<boolean> {
  const rows =
    driver === 'postgres'
      ? await session.run(`select case when pg_try_advisory_lock(${LOCK_KEY}, 2) then 1 else 0 end as locked`)
      : await session.run('select get_lock(sha1(concat(?, ?)), 0) as locked', [
          'comfleet-process-',
          database,
        ]);
  return Number(rows[0]?.locked) === 1;
}

async function loadSetting(session: Session, name: string): Promise<string | null> {
  try {
    const [row] = await session.run(`select value from setting where name = '${name}'`);
    return row ? String(row.value) : null;
  } catch {
    // The table does not exist yet: the holder is still migrating.
    return null;
  }
}

async function sleepQuietly(clock: Clock, signal: AbortSignal): Promise<void> {
  try {
    await clock.sleep(RETRY_MS, signal);
  } catch {
    // The scope closes: the outer loop checks the signal.
  }
}
