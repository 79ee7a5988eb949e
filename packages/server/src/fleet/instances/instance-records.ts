import type { InstanceId, WorkerId } from '@comfleet/contract';
import type { Database, Write } from '../../platform/database/database.ts';
import { AppError } from '../../platform/errors/app-error.ts';
import type { InstanceRow, InstanceTables } from './instance-tables.ts';

export interface InstanceRecord {
  id: InstanceId;
  name: string;
  folder: string;
  port: number;
  pid: number | null;
  startStamp: string | null;
  bootId: string | null;
  marker: string;
  workerId: WorkerId | null;
  restarts: number;
}

const MAX_ROWS = 10_000;

/** Rows of instances. A unique constraint keeps two from getting the same port. */
export class InstanceRecords {
  readonly #database: Database<InstanceTables>;

  constructor(database: Database<InstanceTables>) {
    this.#database = database;
  }

  async findByName(name: string): Promise<InstanceRecord | null> {
    const { k } = this.#database;
    const [row] = await this.#database.read(
      k.selectFrom('instance').selectAll().where('name', '=', name).limit(1),
    );
    return row ? toRecord(row) : null;
  }

  async list(): Promise<InstanceRecord[]> {
    const { k } = this.#database;
    const rows = await this.#database.read(
      k.selectFrom('instance').selectAll().orderBy('created_at').limit(MAX_ROWS),
    );
    return rows.map(toRecord);
  }

  async listPorts(): Promise<Map<number, string>> {
    const { k } = this.#database;
    const rows = await this.#database.read(k.selectFrom('instance').select(['id', 'port']).limit(MAX_ROWS));
    return new Map(rows.map((row) => [row.port, row.id]));
  }

  /** False when another instance has the port. */
  async insert(record: Pick<InstanceRecord, 'id' | 'name' | 'folder' | 'port' | 'marker'>): Promise<boolean> {
    const { k } = this.#database;
    return this.#commit({
      query: k.insertInto('instance').values({
        ...record,
        pid: null,
        start_ticks: null,
        boot_id: null,
        state: 'stopped',
        worker_id: null,
        restarts: 0,
        last_exit: null,
        log_path: null,
        created_at: this.#database.nowMs(),
        started_at: null,
        heartbeat_at: null,
      }),
    });
  }

  /** False when another instance has the port. */
  movePort(id: InstanceId, port: number): Promise<boolean> {
    const { k } = this.#database;
    return this.#commit({ query: k.updateTable('instance').set({ port }).where('id', '=', id), rows: 1 });
  }

  async update(id: InstanceId, values: Partial<Omit<InstanceRow, 'id' | 'port'>>): Promise<void> {
    const { k } = this.#database;
    const done = await this.#commit({
      query: k.updateTable('instance').set(values).where('id', '=', id),
      rows: 1,
    });
    if (!done) throw new AppError('CONFLICT', { table: 'instance', id });
  }

  nowMs(): number {
    return this.#database.nowMs();
  }

  async #commit(write: Write): Promise<boolean> {
    return (await this.#database.commit([write])).kind === 'committed';
  }
}

function toRecord(row: InstanceRow): InstanceRecord {
  return {
    id: row.id,
    name: row.name,
    folder: row.folder,
    port: row.port,
    pid: row.pid,
    startStamp: row.start_ticks,
    bootId: row.boot_id,
    marker: row.marker,
    workerId: row.worker_id,
    restarts: row.restarts,
  };
}
