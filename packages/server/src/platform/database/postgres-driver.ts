import pg from 'pg';
import { AppError } from '../errors/app-error.ts';
import type { Scope } from '../lifecycle/scope.ts';
import type { Logger } from '../logging/logger.ts';
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

const BIGINT = 20;
/** Statements prepared by name per connection; further ones are sent as text each time. */
const NAMED_STATEMENTS = 300;

/** bigint and count(*) as numbers: ours stay below 2^53. */
const types = {
  getTypeParser: ((id: number, format?: 'text' | 'binary') =>
    id === BIGINT ? Number : pg.types.getTypeParser(id, format as 'text')) as typeof pg.types.getTypeParser,
};

/** PostgreSQL behind our database interface. Throws UNAVAILABLE or CONFIG_INVALID if it cannot be reached. */
export async function openPostgres(
  scope: Scope,
  options: ServerAddress & { poolSize: number },
  deps: DriverDeps,
): Promise<Database<unknown>> {
  const pool = new PostgresPool(options, deps.logger);
  return openServerDriver(scope, pool, { ...deps, poolSize: options.poolSize });
}

/** Opens a separate connection; the server frees its locks when it ends, or 25 s after its machine vanished. */
export async function openPostgresSession(address: ServerAddress): Promise<Session> {
  const client = new pg.Client({
    ...toClientConfig(address),
    options: '-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3',
  });
  const ended = new Promise<Error>((resolve) => {
    client.on('error', resolve);
    client.on('end', () => resolve(new Error('the connection to the database has ended')));
  });
  try {
    await client.connect();
  } catch (thrown) {
    throw toConnectError(thrown, address);
  }
  return {
    ended,
    run: async (sql, parameters = []) => (await client.query(sql, [...parameters])).rows,
    close: () => client.end(),
  };
}

class PostgresPool implements ServerPool {
  readonly driver = 'postgres';
  readonly pipelines = true;
  readonly clockSql = 'select (extract(epoch from clock_timestamp()) * 1000)::bigint as now_ms';
  readonly #pool: pg.Pool;
  readonly #names = new Map<string, string>();
  readonly #address: ServerAddress;

  constructor(options: ServerAddress & { poolSize: number }, logger: Logger) {
    this.#address = options;
    this.#pool = new pg.Pool({ ...toClientConfig(options), pipeline: true, max: options.poolSize });
    // A connection that dies while idle: the pool drops it, the next acquire opens another.
    this.#pool.on('error', (error) => logger.warn('database.connection_lost', { error }));
  }

  async acquire(): Promise<ServerConnection> {
    try {
      const client = await this.#pool.connect();
      return new PostgresConnection(client, (sql) => this.#nameOf(sql));
    } catch (thrown) {
      throw toConnectError(thrown, this.#address);
    }
  }

  classify(thrown: unknown): FailureKind {
    if (!(thrown instanceof pg.DatabaseError)) return thrown instanceof TypeError ? 'fault' : 'lost';
    const code = thrown.code ?? '';
    if (code === '23505') return 'duplicate';
    if (code === '23503') return 'missing_reference';
    if (code === '40P01' || code === '40001' || code === '55P03') return 'conflict';
    // 08: connection; 57P: shut down; 53: no resources; 25006: became a standby; 0A000: a cached plan outlived a migration.
    return /^(08|57P|53)/.test(code) || code === '25006' || code === '0A000' ? 'lost' : 'fault';
  }

  close(): Promise<void> {
    return this.#pool.end();
  }

  #nameOf(sql: string): string | undefined {
    const known = this.#names.get(sql);
    if (known !== undefined || this.#names.size >= NAMED_STATEMENTS) return known;
    const name = `s${this.#names.size}`;
    this.#names.set(sql, name);
    return name;
  }
}

class PostgresConnection implements ServerConnection {
  readonly #client: pg.PoolClient;
  readonly #nameOf: (sql: string) => string | undefined;
  readonly #ignoreError = () => {};

  constructor(client: pg.PoolClient, nameOf: (sql: string) => string | undefined) {
    this.#client = client;
    this.#nameOf = nameOf;
    // While in use, a lost connection is reported by the statement it interrupts; without a listener it would crash the process.
    client.on('error', this.#ignoreError);
  }

  async run(sql: string, parameters: readonly unknown[] = []): Promise<StatementResult> {
    const result =
      parameters.length === 0
        ? await this.#client.query(sql)
        : await this.#client.query({ name: this.#nameOf(sql), text: sql, values: [...parameters] });
    return { rows: result.rows, matched: result.rowCount ?? 0 };
  }

  async commit(): Promise<void> {
    const { command } = await this.#client.query('commit');
    if (command !== 'COMMIT') throw new AppError('INTERNAL', { commit_answered: command });
  }

  release(): void {
    this.#client.off('error', this.#ignoreError);
    this.#client.release();
  }

  destroy(): void {
    this.#client.off('error', this.#ignoreError);
    // A client with unanswered statements waits for them before it closes: forever, if the server is stopped.
    destroySocket(this.#client);
    this.#client.release(true);
  }
}

function destroySocket(client: object): void {
  const connection: unknown = 'connection' in client ? client.connection : null;
  if (typeof connection !== 'object' || connection === null || !('stream' in connection)) return;
  (connection.stream as { destroy: () => void }).destroy();
}

function toClientConfig(address: ServerAddress): pg.ClientConfig {
  return {
    host: address.host,
    port: address.port,
    user: address.user ?? undefined,
    password: address.password ?? undefined,
    database: address.database,
    application_name: 'comfleet',
    connectionTimeoutMillis: ACQUIRE_TIMEOUT_MS,
    keepAlive: true,
    types,
  };
}
