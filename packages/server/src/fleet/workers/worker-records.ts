import { promisify } from 'node:util';
import { deflate, inflate } from 'node:zlib';
import { type ObjectInfo, parseTolerantJson } from '@comfleet/comfyui';
import type { WorkerId, WorkerSource } from '@comfleet/contract';
import { blake3 } from 'hash-wasm';
import type { Database, Write } from '../../platform/database/database.ts';
import type { WorkerRow } from '../../platform/database/schema.ts';
import { AppError } from '../../platform/errors/app-error.ts';
import {
  fromStoredInventory,
  type Inventory,
  parseObjectInfo,
  type StoredInventory,
  toStoredInventory,
} from './inventory.ts';
import type { LoadedInventory } from './load-inventory.ts';
import { type CompiledWorkerSpec, isKnownByName } from './worker-spec.ts';

const compress = promisify(deflate);
const expand = promisify(inflate);

/** What SQL remembers of a worker. */
export interface WorkerRecord {
  id: WorkerId;
  spec: CompiledWorkerSpec;
  maintenance: boolean;
  inventory: Inventory | null;
  lastSeenMs: number | null;
}

const MAX_ROWS = 10_000;

/** The rows of the fleet. Equal object_infos are stored once and held in memory once. */
export class WorkerRecords {
  readonly #database: Database;
  readonly #objectInfos = new Map<string, WeakRef<ObjectInfo>>();

  constructor(database: Database) {
    this.#database = database;
  }

  /** Workers with one of these sources that were not removed. */
  async list(sources: readonly WorkerSource[]): Promise<WorkerRecord[]> {
    const { k } = this.#database;
    const rows = await this.#database.read(
      k
        .selectFrom('worker')
        .selectAll()
        .where('source', 'in', sources)
        .where('removed_at', 'is', null)
        .orderBy('created_at')
        .limit(MAX_ROWS),
    );
    return Promise.all(rows.map((row) => this.#toRecord(row)));
  }

  /** The row with this name and address; our own are known by their name alone, their port may change. */
  async find(spec: CompiledWorkerSpec): Promise<WorkerRecord | null> {
    const { k } = this.#database;
    const named = k.selectFrom('worker').selectAll().where('name', '=', spec.name).limit(1);
    const query = isKnownByName(spec.source)
      ? named.where('source', '=', spec.source)
      : named.where('url', '=', spec.url);
    const [row] = await this.#database.read(query);
    return row ? this.#toRecord(row) : null;
  }

  async insert(id: WorkerId, spec: CompiledWorkerSpec): Promise<void> {
    await this.#commit({
      query: this.#database.k.insertInto('worker').values({
        id,
        ...toColumns(spec),
        inventory: null,
        object_info_hash: null,
        maintenance: 0,
        created_at: this.#database.nowMs(),
        seen_at: null,
        removed_at: null,
      }),
    });
  }

  /** Takes over a spec; a removed worker returns. */
  async update(id: WorkerId, spec: CompiledWorkerSpec): Promise<void> {
    await this.#set(id, { ...toColumns(spec), removed_at: null });
  }

  async setMaintenance(id: WorkerId, on: boolean): Promise<void> {
    await this.#set(id, { maintenance: on ? 1 : 0 });
  }

  async setSeen(id: WorkerId, atMs: number): Promise<void> {
    await this.#set(id, { seen_at: atMs });
  }

  async setRemoved(id: WorkerId): Promise<void> {
    await this.#set(id, { removed_at: this.#database.nowMs() });
  }

  /** Stores an inventory and answers it with a shared object_info. */
  async saveInventory(id: WorkerId, loaded: LoadedInventory): Promise<Inventory> {
    const hash = await blake3(loaded.objectInfoText);
    await this.#saveObjectInfo(hash, loaded.objectInfoText);
    const inventory = { ...loaded.inventory, objectInfo: this.#share(hash, loaded.inventory.objectInfo) };
    await this.#set(id, {
      inventory: JSON.stringify(toStoredInventory(inventory)),
      object_info_hash: hash,
    });
    return inventory;
  }

  async #saveObjectInfo(hash: string, text: string): Promise<void> {
    const { k } = this.#database;
    const known = await this.#database.read(
      k.selectFrom('graph').select('hash').where('hash', '=', hash).limit(1),
    );
    if (known.length > 0) return;
    const body = await compress(Buffer.from(text));
    const outcome = await this.#database.commit([
      {
        query: k.insertInto('graph').values({
          hash,
          size_bytes: Buffer.byteLength(text),
          body,
          created_at: this.#database.nowMs(),
        }),
      },
    ]);
    // A duplicate means that an equal worker was first, and that is as good.
    if (outcome.kind === 'refused' && outcome.reason !== 'duplicate')
      throw new AppError('INTERNAL', { outcome });
  }

  async #loadObjectInfo(hash: string): Promise<ObjectInfo | null> {
    const shared = this.#objectInfos.get(hash)?.deref();
    if (shared) return shared;
    const { k } = this.#database;
    const [row] = await this.#database.read(
      k.selectFrom('graph').select('body').where('hash', '=', hash).limit(1),
    );
    if (!row) return null;
    const objectInfo = parseObjectInfo(parseTolerantJson((await expand(row.body)).toString('utf8')));
    return objectInfo && this.#share(hash, objectInfo);
  }

  #share(hash: string, objectInfo: ObjectInfo): ObjectInfo {
    const shared = this.#objectInfos.get(hash)?.deref();
    if (shared) return shared;
    this.#objectInfos.set(hash, new WeakRef(objectInfo));
    return objectInfo;
  }

  async #toRecord(row: WorkerRow): Promise<WorkerRecord> {
    const settings = JSON.parse(row.settings) as Pick<
      CompiledWorkerSpec,
      'capabilities' | 'labels' | 'metadata'
    >;
    const objectInfo =
      row.object_info_hash === null ? null : await this.#loadObjectInfo(row.object_info_hash);
    return {
      id: row.id as WorkerId,
      spec: {
        name: row.name,
        url: row.url,
        source: row.source as WorkerSource,
        maxConcurrent: row.max_concurrent,
        ...settings,
        marker: null,
      },
      maintenance: row.maintenance !== 0,
      inventory:
        row.inventory !== null && objectInfo !== null
          ? fromStoredInventory(JSON.parse(row.inventory) as StoredInventory, objectInfo)
          : null,
      lastSeenMs: row.seen_at,
    };
  }

  async #set(id: WorkerId, values: Partial<WorkerRow>): Promise<void> {
    await this.#commit({
      query: this.#database.k.updateTable('worker').set(values).where('id', '=', id),
      rows: 1,
    });
  }

  async #commit(write: Write): Promise<void> {
    const outcome = await this.#database.commit([write]);
    if (outcome.kind === 'refused')
      throw new AppError('CONFLICT', { table: 'worker', reason: outcome.reason });
  }
}

function toColumns(
  spec: CompiledWorkerSpec,
): Pick<WorkerRow, 'name' | 'url' | 'source' | 'max_concurrent' | 'settings'> {
  const { name, url, source, maxConcurrent, capabilities, labels, metadata } = spec;
  return {
    name,
    url,
    source,
    max_concurrent: maxConcurrent,
    settings: JSON.stringify({ capabilities, labels, metadata }),
  };
}
