import type { WorkerId } from '@comfleet/contract';
import type { Database } from '../../../platform/database/database.ts';
import { AppError } from '../../../platform/errors/app-error.ts';
import type { WorkerTables } from '../worker-tables.ts';
import type { ServerIdentity } from './server-identity.ts';

/** Stores in SQL which ComfyUI each worker's address belongs to. */
export class WorkerIdentities {
  readonly #database: Database<WorkerTables>;

  constructor(database: Database<WorkerTables>) {
    this.#database = database;
  }

  /** Returns null when none is stored for this address. */
  async find(workerId: WorkerId, url: string): Promise<ServerIdentity | null> {
    const [row] = await this.#database.read(
      this.#database.k
        .selectFrom('worker_identity')
        .select('identity')
        .where('worker_id', '=', workerId)
        .where('url', '=', url)
        .limit(1),
    );
    return row ? (JSON.parse(row.identity) as ServerIdentity) : null;
  }

  async save(workerId: WorkerId, url: string, identity: ServerIdentity): Promise<void> {
    const { k } = this.#database;
    const outcome = await this.#database.commit([
      { query: k.deleteFrom('worker_identity').where('worker_id', '=', workerId) },
      {
        query: k.insertInto('worker_identity').values({
          worker_id: workerId,
          url,
          identity: JSON.stringify(identity),
          seen_at: this.#database.nowMs(),
        }),
      },
    ]);
    if (outcome.kind === 'refused') throw new AppError('CONFLICT', { table: 'worker_identity' });
  }

  async remove(workerId: WorkerId): Promise<void> {
    await this.#database.commit([
      { query: this.#database.k.deleteFrom('worker_identity').where('worker_id', '=', workerId) },
    ]);
  }
}
