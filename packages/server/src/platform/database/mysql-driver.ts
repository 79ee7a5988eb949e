import mysql from 'mysql2/promise';
import { AppError } from '../errors/app-error.ts';
import type { Scope } from '../lifecycle/scope.ts';
import type { Clock } from '../time/clock.ts';
import { toConnectError } from './connect-error.ts';
import type { Database } from './database.ts';
import { type DriverDeps, openServerDriver } from './server-driver.ts';
import {
  ACQUIRE_TIMEOUT_MS,
  type FailureKind,
  type ServerAddress,
  type ServerConnection,
  type ServerPool,
  type Session,
  type StatementResult,
} from './server-pool.ts';
import { within } from './within.ts';

/** READ COMMITTED for compare-and-set; a fixed SQL mode, because escaping depends on it. */
const SET_SESSION = [
  'set session transaction isolation level read committed',
  "set session sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', innodb_lock_wait_timeout = 4",
];

/** 1053 shutting down, 1040 too many connections, 1290/1836 read-only; 1021, 1026, 1114 disk full, 1030 storage engine error. */
const PASSING = new Set([1021, 1026, 1030, 1040, 1053, 1114, 1290, 1836, 1927]);

/** MySQL 8 or MariaDB behind our database interface. Throws UNAVAILABLE or CONFIG_INVALID if it cannot be reached. */
export async function openMysql(
  scope: Scope,
  options: ServerAddress & { poolSize: number },
  deps: DriverDeps,
): Promise<Database<unknown>> {
  const pool = new MysqlPool(options, deps.clock);
  return openServerDriver(scope, pool, { ...deps, poolSize: options.poolSize });
}

/** Opens a separate connection; the server frees its locks when it ends, or after 30 s of silence. */
export async function openMysqlSession(address: ServerAddress): Promise<Session> {
  let connection: mysql.Connection;
  try {
    connection = await mysql.createConnection(toConnectionOptions(address));
  } catch (thrown) {
    throw toConnectError(thrown, address);
  }
  const ended = new Promise<Error>((resolve) => {
    connection.on('error', resolve);
    connection.on('end', () => resolve(new Error('the connection to the database has ended')));
  });
  await connection.query('set session wait_timeout = 30');
  return {
    ended,
    run: async (sql, parameters = []) => toResult(await connection.query(sql, [...parameters])).rows,
    close: () => connection.end(),
  };
}

class MysqlPool implements ServerPool {
  readonly driver = 'mysql';
  readonly pipelines = false;
  readonly clockSql = 'select cast(unix_timestamp(now(3)) * 1000 as unsigned) as now_ms';
  readonly #pool: mysql.Pool;
  readonly #address: ServerAddress;
  readonly #clock: Clock;
  /** Connections whose session is set up. */
  readonly #ready = new WeakSet<object>();

  constructor(options: ServerAddress & { poolSize: number }, clock: Clock) {
    this.#address = options;
    this.#clock = clock;
    this.#pool = mysql.createPool({
      ...toConnectionOptions(options),
      connectionLimit: options.poolSize,
      maxIdle: options.poolSize,
      idleTimeout: 60_000,
    });
  }

  async acquire(): Promise<ServerConnection> {
    const lending = this.#lend();
    try {
      return await within(this.#clock, ACQUIRE_TIMEOUT_MS, lending);
    } catch (thrown) {
      // A late connection is released; if it failed instead, this error already reports that.
      lending.then(
        (late) => late.release(),
        () => {},
      );
      throw toConnectError(thrown, this.#address);
    }
  }

  classify(thrown: unknown): FailureKind {
    const number =
      typeof thrown === 'object' && thrown !== null && 'errno' in thrown ? Number(thrown.errno) : 0;
    if (number === 1062) return 'duplicate';
    if (number === 1452) return 'missing_reference';
    if (number === 1213 || number === 1205) return 'conflict';
    if (PASSING.has(number)) return 'lost';
    // System errors have negative numbers or none, those of files numbers below 1000.
    return number >= 1000 || thrown instanceof TypeError ? 'fault' : 'lost';
  }

  close(): Promise<void> {
    return this.#pool.end();
  }

  async #lend(): Promise<ServerConnection> {
    const connection = await this.#pool.getConnection();
    const raw = connection.connection;
    try {
      if (!this.#ready.has(raw)) for (const sql of SET_SESSION) await connection.query(sql);
      this.#ready.add(raw);
    } catch (thrown) {
      connection.destroy();
      throw thrown;
    }
    return new MysqlConnection(connection);
  }
}

class MysqlConnection implements ServerConnection {
  readonly #connection: mysql.PoolConnection;

  constructor(connection: mysql.PoolConnection) {
    this.#connection = connection;
  }

  async run(sql: string, parameters: readonly unknown[] = []): Promise<StatementResult> {
    const values = [...parameters] as mysql.ExecuteValues[];
    // Bytes go as bytes; everything else as text, because prepared statements would send numbers as floating point.
    const hasBytes = values.some((value) => value instanceof Uint8Array);
    const result = hasBytes
      ? await this.#connection.execute(sql, values.map(toBuffer))
      : await this.#connection.query(sql, values);
    return toResult(result);
  }

  async commit(): Promise<void> {
    await this.#connection.query('commit');
  }

  release(): void {
    this.#connection.release();
  }

  destroy(): void {
    this.#connection.destroy();
  }
}

function toBuffer(value: mysql.ExecuteValues): mysql.ExecuteValues {
  return value instanceof Uint8Array && !Buffer.isBuffer(value)
    ? Buffer.from(value.buffer, value.byteOffset, value.byteLength)
    : value;
}

function toResult([answer]: [unknown, unknown]): StatementResult {
  if (Array.isArray(answer)) return { rows: answer, matched: answer.length };
  if (typeof answer === 'object' && answer !== null && 'affectedRows' in answer)
    return { rows: [], matched: Number(answer.affectedRows) };
  throw new AppError('INTERNAL', { reason: 'the database answered neither rows nor a count' });
}

function toConnectionOptions(address: ServerAddress): mysql.ConnectionOptions {
  return {
    host: address.host,
    port: address.port,
    user: address.user ?? undefined,
    password: address.password ?? undefined,
    database: address.database,
    connectTimeout: ACQUIRE_TIMEOUT_MS,
    enableKeepAlive: true,
    charset: 'utf8mb4_bin',
    // Compare-and-set counts matched rows, not changed ones.
    flags: ['+FOUND_ROWS'],
    stringifyObjects: true,
    multipleStatements: false,
  };
}
