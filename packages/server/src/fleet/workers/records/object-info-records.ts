import { promisify } from 'node:util';
import { deflate, inflate } from 'node:zlib';
import { type ObjectInfo, parseLargeJson, startTimeSlice } from '@comfleet/comfyui';
import type { Database } from '../../../platform/database/database.ts';
import { insertMissing } from '../../../platform/database/insert-missing.ts';
import { AppError } from '../../../platform/errors/app-error.ts';
import type { Clock } from '../../../platform/time/clock.ts';
import { parseObjectInfo } from '../inventory/inventory.ts';
import type { SharedInventories } from '../inventory/shared-inventories.ts';
import type { WorkerTables } from '../worker-tables.ts';

const compress = promisify(deflate);
const expand = promisify(inflate);

const insertMissingText = insertMissing<
  WorkerTables,
  'stored_text',
  { hash: string; size_bytes: number; body: Uint8Array; created_at: number }
>((k, p) =>
  k
    .insertInto('stored_text')
    .values({ hash: p.hash, size_bytes: p.size_bytes, body: p.body, created_at: p.created_at }),
);

/** Stores the object_infos of the fleet in SQL: compressed, each once, under its hash. */
export class ObjectInfoRecords {
  readonly #database: Database<WorkerTables>;
  readonly #shared: SharedInventories;
  readonly #clock: Clock;
  /** Reads in progress, by hash: a thousand workers of one kind share one. */
  readonly #reading = new Map<string, Promise<ObjectInfo | null>>();

  constructor(database: Database<WorkerTables>, shared: SharedInventories, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
    this.#shared = shared;
  }

  /** Does nothing if an equal one is already stored. */
  async save(hash: string, bytes: Uint8Array): Promise<void> {
    const { k } = this.#database;
    const known = await this.#database.read(
      k.selectFrom('stored_text').select('hash').where('hash', '=', hash).limit(1),
    );
    if (known.length > 0) return;
    const body = await compress(bytes);
    const row = {
      hash,
      size_bytes: bytes.length,
      body,
      created_at: this.#database.nowMs(),
    };
    // Another worker of the same kind may have been faster.
    const outcome = await this.#database.commit([{ query: insertMissingText(this.#database, row) }]);
    if (outcome.kind === 'refused') throw new AppError('INTERNAL', { outcome });
  }

  /** Removes one that no worker reports any more, so that a changing worker does not fill the database. */
  async removeUnused(hash: string): Promise<void> {
    const { k } = this.#database;
    const query = k
      .deleteFrom('stored_text')
      .where('hash', '=', hash)
      .where(({ not, exists, selectFrom }) =>
        not(exists(selectFrom('worker').select('id').where('object_info_hash', '=', hash))),
      );
    await this.#database.commit([{ query }]);
  }

  /** Null when there is none under this hash. */
  async load(hash: string): Promise<ObjectInfo | null> {
    const shared = this.#shared.findObjectInfo(hash);
    if (shared) return shared;
    const reading = this.#reading.get(hash) ?? this.#read(hash).finally(() => this.#reading.delete(hash));
    this.#reading.set(hash, reading);
    return reading;
  }

  async #read(hash: string): Promise<ObjectInfo | null> {
    const { k } = this.#database;
    const [row] = await this.#database.read(
      k.selectFrom('stored_text').select('body').where('hash', '=', hash).limit(1),
    );
    if (!row) return null;
    const objectInfo = parseObjectInfo(
      await parseLargeJson(await expand(row.body), startTimeSlice(this.#clock)),
    );
    return objectInfo && this.#shared.shareObjectInfo(hash, objectInfo);
  }
}
