import { promisify } from 'node:util';
import { deflate, inflate } from 'node:zlib';
import { type ObjectInfo, parseTolerantJson } from '@comfleet/comfyui';
import type { WorkerId, WorkerSource } from '@comfleet/contract';
import type { Database, Write } from '../../platform/database/database.ts';
import type { WorkerRow } from '../../platform/database/schema.ts';
import { AppError } from '../../platform/errors/app-error.ts';
import {
  fromStoredInventory,
  type Inventory,
  parseObjectInfo,
  type StoredInventory,
  toStoredInventory,
} from './inventory/inventory.ts';
import type { LoadedInventory } from './inventory/load-inventory.ts';
import type { SharedInventories } from './inventory/shared-inventories.ts';
import { type CompiledWorkerSpec, isKnownByName, SPEC_DEFAULTS, type WorkerSettings } from './worker-spec.ts';
import { NO_SWITCHES, type WorkerSwitches } from './worker-switches.ts';

const compress = promisify(deflate);
const expand = promisify(inflate);

/** What SQL remembers of a worker. */
export interface WorkerRecord {
  id: WorkerId;
  /** As its source says it. */
  spec: CompiledWorkerSpec;
  /** What an admin changed at run time; lies over the spec. */
  overrides: WorkerSettings;
  switches: WorkerSwitches;
  inventory: Inventory | null;
  lastSeenMs: number | null;
}

/** The `settings` column; an older row lacks some. */
type StoredSettings = Partial<Omit<CompiledWorkerSpec, 'name' | 'url' | 'source' | 'marker'>> & {
  readonly overrides?: WorkerSettings;
  readonly switches?: Partial<WorkerSwitches>;
};

const MAX_ROWS = 10_000;

/** The rows of the fleet. Equal object_infos are stored once. */
export class WorkerRecords {
  readonly #database: Database;
  readonly #shared: SharedInventories;
  /** Reads under way, by hash: a thousand workers of one kind cause one. */
  readonly #reading = new Map<string, Promise<ObjectInfo | null>>();

  constructor(database: Database, shared: SharedInventories) {
    this.#database = database;
    this.#shared = shared;
  }

  /** Workers that no owner adds again at a start, in the order they joined: of the API, discovered, or on their way out. */
  async listOwnerless(): Promise<WorkerRecord[]> {
    const { k } = this.#database;
    const rows = await this.#database.read(
      k
        .selectFrom('worker')
        .selectAll()
        .where('removed_at', 'is', null)
        .orderBy('created_at')
        .limit(MAX_ROWS),
    );
    return Promise.all(rows.filter(isOwnerless).map((row) => this.#toRecord(row)));
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

  async insert(id: WorkerId, state: WorkerDecisions): Promise<void> {
    await this.#commit({
      query: this.#database.k.insertInto('worker').values({
        id,
        ...toColumns(state),
        inventory: null,
        object_info_hash: null,
        created_at: this.#database.nowMs(),
        seen_at: null,
        removed_at: null,
      }),
    });
  }

  /** Takes over spec, overrides and switches; a removed worker returns. */
  async update(id: WorkerId, state: WorkerDecisions): Promise<void> {
    await this.#set(id, { ...toColumns(state), removed_at: null });
  }

  async setSeen(id: WorkerId, atMs: number): Promise<void> {
    await this.#set(id, { seen_at: atMs });
  }

  async setRemoved(id: WorkerId): Promise<void> {
    await this.#set(id, { removed_at: this.#database.nowMs() });
  }

  async saveInventory(id: WorkerId, { inventory, objectInfoText }: LoadedInventory): Promise<void> {
    await this.#saveObjectInfo(inventory.objectInfoHash, objectInfoText);
    await this.#set(id, {
      inventory: JSON.stringify(toStoredInventory(inventory)),
      object_info_hash: inventory.objectInfoHash,
    });
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
    const shared = this.#shared.findObjectInfo(hash);
    if (shared) return shared;
    const reading =
      this.#reading.get(hash) ?? this.#readObjectInfo(hash).finally(() => this.#reading.delete(hash));
    this.#reading.set(hash, reading);
    return reading;
  }

  async #readObjectInfo(hash: string): Promise<ObjectInfo | null> {
    const { k } = this.#database;
    const [row] = await this.#database.read(
      k.selectFrom('graph').select('body').where('hash', '=', hash).limit(1),
    );
    if (!row) return null;
    const objectInfo = parseObjectInfo(parseTolerantJson((await expand(row.body)).toString('utf8')));
    return objectInfo && this.#shared.shareObjectInfo(hash, objectInfo);
  }

  async #toRecord(row: WorkerRow): Promise<WorkerRecord> {
    const { overrides, switches, ...settings } = JSON.parse(row.settings) as StoredSettings;
    return {
      id: row.id as WorkerId,
      spec: {
        ...SPEC_DEFAULTS,
        capabilities: [],
        labels: [],
        maxConcurrent: row.max_concurrent,
        ...settings,
        name: row.name,
        url: row.url,
        source: row.source as WorkerSource,
      },
      overrides: overrides ?? {},
      switches: { ...NO_SWITCHES, ...switches, maintenance: row.maintenance !== 0 },
      inventory: await this.#toInventory(row),
      lastSeenMs: row.seen_at,
    };
  }

  async #toInventory({ inventory, object_info_hash: hash }: WorkerRow): Promise<Inventory | null> {
    if (inventory === null || hash === null) return null;
    const objectInfo = await this.#loadObjectInfo(hash);
    if (objectInfo === null) return null;
    const stored = JSON.parse(inventory) as StoredInventory;
    return this.#shared.share(fromStoredInventory(stored, objectInfo, hash));
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

function isOwnerless(row: WorkerRow): boolean {
  const { discoveredBy, switches } = JSON.parse(row.settings) as StoredSettings;
  return row.source === 'api' || (discoveredBy ?? null) !== null || (switches?.leaving ?? null) !== null;
}

/** The part of a record that is decided, not measured. */
export type WorkerDecisions = Pick<WorkerRecord, 'spec' | 'overrides' | 'switches'>;

function toColumns({
  spec,
  overrides,
  switches,
}: WorkerDecisions): Pick<
  WorkerRow,
  'name' | 'url' | 'source' | 'max_concurrent' | 'settings' | 'maintenance'
> {
  const { name, url, source, marker: _, ...settings } = spec;
  const { maintenance, ...others } = switches;
  return {
    name,
    url,
    source,
    max_concurrent: spec.maxConcurrent,
    settings: JSON.stringify({ ...settings, overrides, switches: others } satisfies StoredSettings),
    maintenance: maintenance ? 1 : 0,
  };
}
