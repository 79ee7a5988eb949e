import { createUuidV7, type WorkerEvent, type WorkerId } from '@comfleet/contract';
import { type FleetText, toFleetSentence } from '@comfleet/contract/texts/fleet';
import type { Database } from '../../../platform/database/database.ts';
import { every } from '../../../platform/lifecycle/every.ts';
import type { Scope } from '../../../platform/lifecycle/scope.ts';
import type { Logger } from '../../../platform/logging/logger.ts';
import type { Clock, Random } from '../../../platform/time/clock.ts';
import type { WorkerChange } from '../worker-snapshot.ts';
import type { WorkerEventRow, WorkerTables } from '../worker-tables.ts';

export interface EventsDeps {
  database: Database<WorkerTables>;
  clock: Clock;
  random: Random;
  logger: Logger;
  registry: { onChange(listener: (change: WorkerChange) => void): () => void };
}

/** A page of events, newest first; `nextCursor` is null at the end. */
export interface EventsPage {
  events: WorkerEvent[];
  nextCursor: string | null;
}

const SWEEP_MS = 600_000;
const SWEEP_PAGE = 1_000;
const BATCH = 200;
const RETRY_MS = 1_000;
/** While the database is unavailable, the oldest events beyond this number are dropped. */
const MAX_WAITING = 10_000;

/** Stores what happens to workers from now on, and deletes events older than `keepMs`. */
export function openWorkerEvents(scope: Scope, deps: EventsDeps, keepMs: () => number): WorkerEvents {
  const events = new WorkerEvents(deps);
  scope.add('worker events', () => events.close());
  scope.add(
    'worker changes',
    deps.registry.onChange((change) => events.record(change)),
  );
  const { clock, logger } = deps;
  every(scope, { name: 'worker events kept', intervalMs: SWEEP_MS, clock, logger }, () =>
    events.forget(keepMs()),
  );
  return events;
}

/** The history of the fleet's workers in SQL (HR5, HR17), written in the background and in order. */
export class WorkerEvents {
  readonly #deps: EventsDeps;
  readonly #closing = new AbortController();
  #waiting: WorkerEventRow[] = [];
  #writing: Promise<void> | null = null;
  #lastMs = 0;

  constructor(deps: EventsDeps) {
    this.#deps = deps;
  }

  record(change: WorkerChange): void {
    if (!isWorthKeeping(change)) return;
    const { clock, random } = this.#deps;
    // Ids are in the order of events, even within one millisecond.
    this.#lastMs = Math.max(clock.nowMs(), this.#lastMs + 1);
    this.#waiting.push({
      id: createUuidV7(this.#lastMs, random.bytes(10)),
      worker_id: change.workerId,
      type: change.type,
      at: clock.nowMs(),
      cause: JSON.stringify(change.cause),
      details: change.details ? JSON.stringify(change.details) : null,
      duration_ms: change.durationMs === undefined ? null : Math.round(change.durationMs),
    });
    if (this.#waiting.length > MAX_WAITING) this.#waiting.shift();
    this.#writing ??= this.#write().finally(() => {
      this.#writing = null;
    });
  }

  /** Resolves when everything recorded so far is stored. */
  async settle(): Promise<void> {
    while (this.#writing !== null) await this.#writing;
  }

  /** Lists events of one worker, or of all (null). `cursor` is the id of the previous page's last event. */
  async list(
    workerId: WorkerId | null,
    { limit, cursor }: { limit: number; cursor?: string | undefined },
  ): Promise<EventsPage> {
    const { database } = this.#deps;
    let query = database.k
      .selectFrom('worker_event')
      .leftJoin('worker', 'worker.id', 'worker_event.worker_id')
      .selectAll('worker_event')
      .select('worker.name')
      .orderBy('worker_event.id', 'desc')
      .limit(limit + 1);
    if (workerId !== null) query = query.where('worker_event.worker_id', '=', workerId);
    if (cursor !== undefined) query = query.where('worker_event.id', '<', cursor);
    const rows = await database.read(query);
    const page = rows.slice(0, limit);
    const nextCursor = rows.length > limit ? (page.at(-1)?.id ?? null) : null;
    return { events: page.map(toEvent), nextCursor };
  }

  /** Deletes events older than that, a page at a time. */
  async forget(keepMs: number): Promise<void> {
    const { database } = this.#deps;
    const { k } = database;
    for (;;) {
      const old = await database.read(
        k
          .selectFrom('worker_event')
          .select('id')
          .where('at', '<', database.nowMs() - keepMs)
          .limit(SWEEP_PAGE),
      );
      if (old.length === 0) return;
      const ids = old.map(({ id }) => id);
      await database.commit([{ query: k.deleteFrom('worker_event').where('id', 'in', ids) }]);
    }
  }

  /** Tries to store the waiting events once more. */
  async close(): Promise<void> {
    this.#closing.abort(new Error('closing'));
    await this.settle();
  }

  async #write(): Promise<void> {
    const { database, clock, logger } = this.#deps;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.slice(0, BATCH);
      try {
        await database.commit(
          batch.map((row) => ({ query: database.k.insertInto('worker_event').values(row) })),
        );
        const written = new Set(batch);
        this.#waiting = this.#waiting.filter((row) => !written.has(row));
      } catch (thrown) {
        logger.warn('worker_events.not_written', {
          waiting: this.#waiting.length,
          error: thrown,
        });
        if (this.#closing.signal.aborted) return;
        await clock.sleep(RETRY_MS, this.#closing.signal).catch(() => undefined); // closing: this is the last try
      }
    }
  }
}

/** Changes of settings and connections are not history, nor is a worker that a start adds again. */
function isWorthKeeping({ type, details }: WorkerChange): boolean {
  return type !== 'worker.changed' && !(type === 'worker.added' && details?.known === true);
}

/** Reads a cause; older rows contain the sentence itself. */
function readCause(stored: string): Pick<WorkerEvent, 'cause' | 'cause_text'> {
  if (!stored.startsWith('{')) return { cause: stored, cause_text: null };
  const text = JSON.parse(stored) as FleetText;
  return { cause: toFleetSentence(text), cause_text: text };
}

function toEvent(row: WorkerEventRow & { name: string | null }): WorkerEvent {
  return {
    event_id: row.id,
    worker_id: row.worker_id,
    name: row.name ?? row.worker_id,
    type: row.type,
    at: new Date(row.at).toISOString(),
    ...readCause(row.cause),
    details: row.details === null ? null : (JSON.parse(row.details) as Record<string, unknown>),
    duration_ms: row.duration_ms,
  };
}
