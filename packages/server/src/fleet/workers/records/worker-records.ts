import type { WorkerId, WorkerSource } from '@comfleet/contract';
import type { FleetText } from '@comfleet/contract/texts/fleet';
import type { Database, Write } from '../../../platform/database/database.ts';
import { AppError } from '../../../platform/errors/app-error.ts';
import type { Logger } from '../../../platform/logging/logger.ts';
import type { Sealer } from '../../../platform/secrets/sealer.ts';
import type { Clock } from '../../../platform/time/clock.ts';
import { type AdminOverrides, NO_OVERRIDES } from '../admin-overrides.ts';
import {
  fromStoredInventory,
  type Inventory,
  type StoredInventory,
  toStoredInventory,
} from '../inventory/inventory.ts';
import type { LoadedInventory } from '../inventory/load-inventory.ts';
import type { SharedInventories } from '../inventory/shared-inventories.ts';
import {
  type CompiledWorkerSpec,
  isKnownByName,
  SPEC_DEFAULTS,
  type WorkerSettings,
} from '../worker-spec.ts';
import type { WorkerRow, WorkerTables } from '../worker-tables.ts';
import { ObjectInfoRecords } from './object-info-records.ts';
import { type Secret, WorkerLogins } from './worker-logins.ts';

/** The configured part of a record, not the measured one. */
export interface DesiredWorker {
  /** The spec by its source. */
  spec: CompiledWorkerSpec;
  overrides: AdminOverrides;
}

/** The stored record of a worker. */
export interface WorkerRecord extends DesiredWorker {
  id: WorkerId;
  inventory: Inventory | null;
  lastSeenMs: number | null;
}

/** The `settings` column; older rows lack some fields. */
type StoredSettings = Partial<Omit<CompiledWorkerSpec, 'name' | 'url' | 'source' | 'marker' | Secret>> & {
  readonly overrides?: Omit<WorkerSettings, Secret>;
  readonly switches?: StoredOverrides;
  /** Logins of the spec and of the overrides, sealed, in base64. */
  readonly sealed?: string | null;
};

export interface RecordsDeps {
  database: Database<WorkerTables>;
  sealer: Sealer;
  clock: Clock;
  logger: Logger;
}

type Overrides = Partial<Omit<AdminOverrides, 'settings' | 'maintenance'>>;

/** Older rows contain the reason for leaving as a sentence. */
type StoredOverrides = Omit<Overrides, 'leaving'> & {
  readonly leaving?: { readonly reason: FleetText | string; readonly notBeforeMs: number } | null;
};

type Columns = Pick<WorkerRow, 'name' | 'url' | 'source' | 'max_concurrent' | 'settings' | 'maintenance'>;

const MAX_ROWS = 10_000;

/** The rows of the fleet's workers. Equal object_infos are stored once. */
export class WorkerRecords {
  readonly #database: Database<WorkerTables>;
  readonly #shared: SharedInventories;
  readonly #objectInfos: ObjectInfoRecords;
  readonly #logins: WorkerLogins;

  constructor({ database, sealer, clock, logger }: RecordsDeps, shared: SharedInventories) {
    this.#database = database;
    this.#logins = new WorkerLogins(sealer, logger);
    this.#shared = shared;
    this.#objectInfos = new ObjectInfoRecords(database, shared, clock);
  }

  /** Lists workers that no owner adds again at a start, in the order they joined: from the API, discovered, or leaving. */
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

  /** Loads the names of these workers, including removed ones. */
  async loadNames(ids: readonly WorkerId[]): Promise<[WorkerId, string][]> {
    const { k } = this.#database;
    const query = k.selectFrom('worker').select(['id', 'name']).where('id', 'in', ids).limit(MAX_ROWS);
    return (await this.#database.read(query)).map(({ id, name }) => [id, name]);
  }

  /**
   * Finds a worker by name and address and updates it to its current spec; a removed one returns, a leaving one stays. Null for an
   * unknown worker. Our own instances are found by name alone, because their port may change.
   */
  async restore(spec: CompiledWorkerSpec): Promise<WorkerRecord | null> {
    const { k } = this.#database;
    const named = k.selectFrom('worker').selectAll().where('name', '=', spec.name).limit(1);
    const query = isKnownByName(spec.source)
      ? named.where('source', '=', spec.source)
      : named.where('url', '=', spec.url);
    const [row] = await this.#database.read(query);
    if (!row) return null;
    const known = await this.#toRecord(row);
    // A registration through the API is complete: earlier overrides would hide it.
    const overrides = spec.source === 'api' ? NO_OVERRIDES : { ...known.overrides, leaving: null };
    const record = { ...known, spec, overrides };
    // At a start most workers are unchanged, and a thousand commits would delay it. Logins are sealed again each time.
    if (row.removed_at !== null || !isStored(row, this.#toColumns(record))) await this.update(row.id, record);
    return record;
  }

  async insert(id: WorkerId, desired: DesiredWorker): Promise<void> {
    await this.#commit({
      query: this.#database.k.insertInto('worker').values({
        id,
        ...this.#toColumns(desired),
        inventory: null,
        object_info_hash: null,
        created_at: this.#database.nowMs(),
        seen_at: null,
        removed_at: null,
      }),
    });
  }

  /** Stores spec and overrides; a removed worker returns. */
  async update(id: WorkerId, desired: DesiredWorker): Promise<void> {
    await this.#set(id, { ...this.#toColumns(desired), removed_at: null });
  }

  async setSeen(id: WorkerId, atMs: number): Promise<void> {
    await this.#set(id, { seen_at: atMs });
  }

  async setRemoved(id: WorkerId): Promise<void> {
    await this.#set(id, { removed_at: this.#database.nowMs() });
  }

  async saveInventory(id: WorkerId, { inventory, objectInfoBytes }: LoadedInventory): Promise<void> {
    const { k } = this.#database;
    const [before] = await this.#database.read(
      k.selectFrom('worker').select('object_info_hash').where('id', '=', id),
    );
    await this.#objectInfos.save(inventory.objectInfoHash, objectInfoBytes);
    await this.#set(id, {
      inventory: JSON.stringify(toStoredInventory(inventory)),
      object_info_hash: inventory.objectInfoHash,
    });
    const left = before?.object_info_hash ?? null;
    if (left !== null && left !== inventory.objectInfoHash) await this.#objectInfos.removeUnused(left);
  }

  async #toRecord(row: WorkerRow): Promise<WorkerRecord> {
    const { overrides, switches, sealed, ...settings } = JSON.parse(row.settings) as StoredSettings;
    const logins = this.#logins.open(row.name, sealed ?? null);
    return {
      id: row.id,
      spec: {
        ...SPEC_DEFAULTS,
        capabilities: [],
        labels: [],
        maxConcurrent: row.max_concurrent,
        ...settings,
        ...logins.spec,
        name: row.name,
        url: row.url,
        source: row.source as WorkerSource,
      },
      overrides: {
        ...NO_OVERRIDES,
        ...upgradeOverrides(switches),
        settings: { ...overrides, ...logins.overrides },
        maintenance: row.maintenance !== 0,
      },
      inventory: await this.#toInventory(row),
      lastSeenMs: row.seen_at,
    };
  }

  async #toInventory({ inventory, object_info_hash: hash }: WorkerRow): Promise<Inventory | null> {
    if (inventory === null || hash === null) return null;
    const objectInfo = await this.#objectInfos.load(hash);
    if (objectInfo === null) return null;
    const stored = JSON.parse(inventory) as StoredInventory;
    return this.#shared.share(fromStoredInventory(stored, objectInfo, hash));
  }

  #toColumns({ spec, overrides }: DesiredWorker): Columns {
    const { name, url, source, marker: _, auth, headers, ...settings } = spec;
    const { settings: changed, maintenance, ...switches } = overrides;
    const { auth: changedAuth, headers: changedHeaders, ...overrideSettings } = changed;
    const sealed = this.#logins.seal({
      spec: { auth, headers },
      overrides: {
        ...(changedAuth === undefined ? {} : { auth: changedAuth }),
        ...(changedHeaders === undefined ? {} : { headers: changedHeaders }),
      },
    });
    return {
      name,
      url,
      source,
      max_concurrent: spec.maxConcurrent,
      settings: JSON.stringify({
        ...settings,
        overrides: overrideSettings,
        switches,
        sealed,
      } satisfies StoredSettings),
      maintenance: maintenance ? 1 : 0,
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

function upgradeOverrides({ leaving = null, ...others }: StoredOverrides = {}): Overrides {
  if (leaving === null) return { ...others, leaving };
  const { reason, notBeforeMs } = leaving;
  const text: FleetText = typeof reason === 'string' ? { code: 'worker.reason', params: { reason } } : reason;
  return { ...others, leaving: { reason: text, notBeforeMs } };
}

function isOwnerless(row: WorkerRow): boolean {
  const { discoveredBy, switches } = JSON.parse(row.settings) as StoredSettings;
  return row.source === 'api' || (discoveredBy ?? null) !== null || (switches?.leaving ?? null) !== null;
}

function isStored(row: WorkerRow, columns: Columns): boolean {
  return Object.entries(columns).every(([name, value]) => row[name as keyof Columns] === value);
}
