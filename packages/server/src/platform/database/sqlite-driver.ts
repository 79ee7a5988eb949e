import { Worker } from 'node:worker_threads';
import { yieldToEventLoop } from '@comfleet/comfyui';
import { DatabaseSync } from '@photostructure/sqlite';
import type { Compilable } from 'kysely';
import { AppError, toError } from '../errors/app-error.ts';
import type { Scope } from '../lifecycle/scope.ts';
import { RecentValues } from '../memory/recent-values.ts';
import type { Clock } from '../time/clock.ts';
import type { CommitOutcome, Database, Write } from './database.ts';
import { createQueryBuilder } from './query-builder.ts';
import { toSqliteError } from './sqlite-error.ts';
import type { CommitPart, CommitRequest, RawWrite, WorkerReply } from './sqlite-writer.ts';

/** How many prepared statements the reader keeps. */
const MAX_STATEMENTS = 300;

type Connection = InstanceType<typeof DatabaseSync>;
type Prepared = ReturnType<Connection['prepare']>;

export interface SqliteOptions {
  file: string;
  /** `power`: FULL, survives power loss. `process`: NORMAL, survives kill -9 of the process. */
  durability: 'power' | 'process';
  clock: Clock;
}

interface Waiting {
  writes: CommitRequest;
  resolve: (outcome: CommitOutcome) => void;
  reject: (error: Error) => void;
}

/**
 * SQLite with its single writer in a worker thread. Commits that arrive while a group is being written wait and form the next
 * group: one fsync for all of them (group commit), each with its own savepoint, so that a refused commit does not affect the
 * others. Reads run here on a separate connection: WAL lets them see every committed group.
 */
export async function openSqlite(scope: Scope, options: SqliteOptions): Promise<Database<unknown>> {
  const writer = new SqliteWriter(options);
  scope.add('sqlite', () => driver.close());
  const driver = new SqliteDriver(writer, options);
  await writer.ready;
  driver.openReader();
  return driver;
}

class SqliteDriver implements Database<unknown> {
  readonly driver = 'sqlite';
  readonly k = createQueryBuilder('sqlite');
  readonly #writer: SqliteWriter;
  readonly #clock: Clock;
  readonly #file: string;
  #reader: Connection | null = null;
  readonly #statements = new RecentValues<string, Prepared>(MAX_STATEMENTS);

  constructor(writer: SqliteWriter, { clock, file }: SqliteOptions) {
    this.#writer = writer;
    this.#clock = clock;
    this.#file = file;
  }

  openReader(): void {
    const reader = new DatabaseSync(this.#file, { readOnly: true });
    reader.exec('pragma busy_timeout = 5000');
    this.#reader = reader;
  }

  nowMs(): number {
    return this.#clock.nowMs();
  }

  async read<Row>(query: Compilable<Row>): Promise<Row[]> {
    const reader = this.#reader;
    if (!reader) throw new AppError('SHUTTING_DOWN');
    const { sql, parameters } = query.compile();
    try {
      return this.#statements.use(sql, () => reader.prepare(sql)).all(...(parameters as never[])) as Row[];
    } catch (thrown) {
      throw toSqliteError(thrown, this.#file);
    }
  }

  commit(writes: readonly Write[]): Promise<CommitOutcome> {
    return this.#writer.commit(
      writes.map(({ query, rows }) => {
        const { sql, parameters } = query.compile();
        return { sql, parameters, rows: rows ?? null };
      }),
    );
  }

  async close(): Promise<void> {
    this.#statements.clear();
    this.#reader?.close();
    this.#reader = null;
    await this.#writer.close();
  }
}

/** Copying this many to the writer takes milliseconds. */
const PART_WRITES = 1000;

class SqliteWriter {
  readonly ready: Promise<void>;
  readonly #clock: Clock;
  readonly #file: string;
  readonly #worker: Worker;
  #waiting: Waiting[] = [];
  #inFlight: Waiting[] | null = null;
  #dead: Error | null = null;
  #onIdle: (() => void) | null = null;

  constructor(options: SqliteOptions) {
    this.#file = options.file;
    this.#clock = options.clock;
    this.#worker = new Worker(new URL('./sqlite-writer.js', import.meta.url), {
      workerData: { file: options.file, durability: options.durability },
    });
    this.ready = new Promise((resolve, reject) => {
      this.#worker.once('message', () => {
        this.#worker.on('message', (reply: WorkerReply) => this.#settle(reply));
        resolve();
      });
      this.#worker.once('error', reject);
    });
    this.#worker.on('error', (error) => this.#die(toError(error)));
    this.#worker.on('exit', () => this.#die(new Error('the SQLite writer has ended')));
  }

  commit(writes: CommitRequest): Promise<CommitOutcome> {
    if (this.#dead) return Promise.reject(new AppError('UNAVAILABLE', null, { cause: this.#dead }));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ writes, resolve, reject });
      if (!this.#inFlight) queueMicrotask(() => this.#flush());
    });
  }

  #flush(): void {
    if (this.#inFlight || this.#waiting.length === 0) return;
    this.#inFlight = this.#waiting;
    this.#waiting = [];
    this.#post(this.#inFlight.map((item) => item.writes)).catch((thrown) => this.#die(toError(thrown)));
  }

  async #post(requests: readonly CommitRequest[]): Promise<void> {
    for (const part of toParts(requests)) {
      this.#worker.postMessage(part);
      if (!part.isLast) await yieldToEventLoop(this.#clock);
    }
  }

  #settle(reply: WorkerReply): void {
    const group = this.#inFlight ?? [];
    this.#inFlight = null;
    this.#flush();
    if (reply.kind === 'failed') {
      const error = toSqliteError(Object.assign(new Error(reply.message), reply), this.#file);
      for (const item of group) item.reject(error);
    } else {
      group.forEach((item, index) => {
        const outcome = reply.outcomes[index];
        if (outcome?.kind === 'fault')
          item.reject(new AppError('INTERNAL', null, { cause: new Error(outcome.message) }));
        else if (outcome) item.resolve(outcome);
      });
    }
    if (!this.#inFlight) this.#onIdle?.();
  }

  #die(error: Error): void {
    if (this.#dead) return;
    this.#dead = error;
    const failure = new AppError('UNAVAILABLE', null, { cause: error });
    for (const item of [...(this.#inFlight ?? []), ...this.#waiting]) item.reject(failure);
    this.#inFlight = null;
    this.#waiting = [];
    this.#onIdle?.();
  }

  /** Makes submitted commits durable, then ends the thread. */
  async close(): Promise<void> {
    if (this.#inFlight || this.#waiting.length > 0) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve;
      });
    }
    if (this.#dead) return;
    const exited = new Promise<void>((resolve) => {
      this.#worker.once('exit', () => resolve());
    });
    this.#worker.postMessage('close');
    await exited;
  }
}

/** Splits a group, so that copying one part of it is short. */
function* toParts(requests: readonly CommitRequest[]): Generator<CommitPart> {
  let part = new PartBuilder(false);
  for (const writes of requests) {
    part.beginCommit();
    for (const write of writes) {
      if (part.size === PART_WRITES) {
        yield part.build(false);
        part = new PartBuilder(true);
        part.beginCommit();
      }
      part.add(write);
    }
  }
  yield part.build(true);
}

class PartBuilder {
  size = 0;
  readonly #continues: boolean;
  readonly #places = new Map<string, number>();
  readonly #commits: CommitPart['commits'][number][number][][] = [];

  constructor(continues: boolean) {
    this.#continues = continues;
  }

  beginCommit(): void {
    this.#commits.push([]);
  }

  add({ sql, parameters, rows }: RawWrite): void {
    const text = this.#places.get(sql) ?? this.#places.size;
    this.#places.set(sql, text);
    this.#commits.at(-1)?.push({ text, parameters: parameters.map(toExact), rows });
    this.size += 1;
  }

  build(isLast: boolean): CommitPart {
    return { texts: [...this.#places.keys()], commits: this.#commits, continues: this.#continues, isLast };
  }
}

/** Copies bytes into a buffer of their own, because transfer to the other thread copies the whole buffer behind a view. */
function toExact(value: unknown): unknown {
  const isPart = value instanceof Uint8Array && value.byteLength < value.buffer.byteLength;
  return isPart ? new Uint8Array(value) : value;
}
