import type { Compilable } from 'kysely';
import { AppError, toError } from '../errors/app-error.ts';
import { every } from '../lifecycle/every.ts';
import type { Scope } from '../lifecycle/scope.ts';
import type { Logger } from '../logging/logger.ts';
import type { Clock, Random } from '../time/clock.ts';
import { CommitGroups } from './commit-groups.ts';
import type { CommitOutcome, Database, Write } from './database.ts';
import { createQueryBuilder } from './query-builder.ts';
import {
  RESPONSE_TIMEOUT_MS,
  type ServerConnection,
  type ServerPool,
  type StatementResult,
} from './server-pool.ts';
import { within } from './within.ts';

const CLOCK_INTERVAL_MS = 30_000;

export interface DriverDeps {
  clock: Clock;
  random: Random;
  logger: Logger;
}

/** PostgreSQL or MySQL behind our database interface; one code path, the pool knows the differences. */
export async function openServerDriver(
  scope: Scope,
  pool: ServerPool,
  options: DriverDeps & { poolSize: number },
): Promise<Database<unknown>> {
  const driver = new ServerDriver(pool, options);
  scope.add('database', () => driver.close());
  await driver.sampleClock();
  every(scope, { name: 'database.clock', intervalMs: CLOCK_INTERVAL_MS, ...options }, () =>
    driver.sampleClock(),
  );
  return driver;
}

class ServerDriver implements Database<unknown> {
  readonly driver: ServerPool['driver'];
  readonly k;
  readonly #pool: ServerPool;
  readonly #clock: Clock;
  readonly #groups: CommitGroups;
  /** The database's clock minus our monotonic one. */
  #offsetMs = 0;
  #closing: Promise<void> | null = null;

  constructor(pool: ServerPool, options: DriverDeps & { poolSize: number }) {
    this.driver = pool.driver;
    this.k = createQueryBuilder(pool.driver);
    this.#pool = pool;
    this.#clock = options.clock;
    this.#groups = new CommitGroups(pool, options);
  }

  nowMs(): number {
    return Math.floor(this.#clock.monotonicMs() + this.#offsetMs);
  }

  async read<Row>(query: Compilable<Row>): Promise<Row[]> {
    const { sql, parameters } = query.compile();
    const { rows } = await this.#ask((connection) => connection.run(sql, parameters));
    return rows as Row[];
  }

  commit(writes: readonly Write[]): Promise<CommitOutcome> {
    return this.#groups.commit(
      writes.map(({ query, rows }) => {
        const { sql, parameters } = query.compile();
        return { sql, parameters, rows: rows ?? null };
      }),
    );
  }

  async sampleClock(): Promise<void> {
    const before = this.#clock.monotonicMs();
    const { rows } = await this.#ask((connection) => connection.run(this.#pool.clockSql));
    const middle = (before + this.#clock.monotonicMs()) / 2;
    this.#offsetMs = Number(rows[0]?.now_ms) - middle;
  }

  /** Completes submitted work, then closes; safe to call twice. */
  close(): Promise<void> {
    this.#closing ??= this.#groups.drain().then(() => this.#pool.close());
    return this.#closing;
  }

  /** Runs one statement; a connection that proves dead is replaced once. */
  async #ask(run: (connection: ServerConnection) => Promise<StatementResult>): Promise<StatementResult> {
    for (let isFirst = true; ; isFirst = false) {
      const connection = await this.#pool.acquire();
      try {
        const result = await within(this.#clock, RESPONSE_TIMEOUT_MS, run(connection));
        connection.release();
        return result;
      } catch (thrown) {
        const kind = thrown instanceof AppError ? 'timeout' : this.#pool.classify(thrown);
        if (kind === 'lost' || kind === 'timeout') connection.destroy();
        else connection.release();
        if (kind === 'timeout') throw thrown;
        if (kind === 'fault') throw new AppError('INTERNAL', null, { cause: toError(thrown) });
        if (!isFirst) throw new AppError('UNAVAILABLE', { reason: kind }, { cause: toError(thrown) });
      }
    }
  }
}
