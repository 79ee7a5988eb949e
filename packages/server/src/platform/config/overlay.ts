import type { PrincipalId } from '@comfleet/contract';
import type { Database, Write } from '../database/database.ts';
import { AppError } from '../errors/app-error.ts';
import type { OverlayTables } from './overlay-tables.ts';

/** A setting changed at run time, with who and when. */
export interface OverlayEntry {
  readonly value: unknown;
  readonly principalId: PrincipalId;
  readonly changedAtMs: number;
}

type Listener = (name: string) => void;

const MAX_ROWS = 1000;

/** Reads every setting that was changed at run time. */
export async function openOverlay(database: Database<OverlayTables>): Promise<Overlay> {
  const rows = await database.read(database.k.selectFrom('overlay').selectAll().limit(MAX_ROWS));
  const entries = rows.map(({ name, value, principal_id: principalId, changed_at: changedAtMs }) => {
    const entry: OverlayEntry = { value: JSON.parse(value), principalId, changedAtMs };
    return [name, entry] as const;
  });
  return new Overlay(database, new Map(entries));
}

/**
 * Settings changed at run time, kept in SQL: they override the file and its defaults, but not the environment. The reader decides
 * what a value means and which one wins.
 */
export class Overlay {
  readonly #database: Database<OverlayTables>;
  readonly #entries: Map<string, OverlayEntry>;
  readonly #listeners = new Set<Listener>();
  /** Serialises changes. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(database: Database<OverlayTables>, entries: Map<string, OverlayEntry>) {
    this.#database = database;
    this.#entries = entries;
  }

  /** Null for a setting that was never changed. */
  find(name: string): OverlayEntry | null {
    return this.#entries.get(name) ?? null;
  }

  /** Durable once it resolves; then the listeners are called. */
  set(name: string, value: unknown, principalId: PrincipalId): Promise<void> {
    return this.#inTurn(name, async () => {
      const { k } = this.#database;
      const changedAtMs = this.#database.nowMs();
      const columns = { value: JSON.stringify(value), principal_id: principalId, changed_at: changedAtMs };
      const query = this.#entries.has(name)
        ? k.updateTable('overlay').set(columns).where('name', '=', name)
        : k.insertInto('overlay').values({ name, ...columns });
      await this.#commit(name, { query, rows: 1 });
      this.#entries.set(name, { value, principalId, changedAtMs });
    });
  }

  /** Restores the file's value. */
  remove(name: string): Promise<void> {
    return this.#inTurn(name, async () => {
      if (!this.#entries.has(name)) return;
      await this.#commit(name, { query: this.#database.k.deleteFrom('overlay').where('name', '=', name) });
      this.#entries.delete(name);
    });
  }

  /** Returns the function that unsubscribes. */
  onChange(listener: Listener): () => void {
    const own: Listener = (name) => listener(name);
    this.#listeners.add(own);
    return () => this.#listeners.delete(own);
  }

  async #commit(name: string, write: Write): Promise<void> {
    const outcome = await this.#database.commit([write]);
    if (outcome.kind === 'refused') throw new AppError('CONFLICT', { setting: name, reason: outcome.reason });
  }

  #inTurn(name: string, change: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(change).then(() => {
      for (const listener of [...this.#listeners]) listener(name);
    });
    this.#turn = done.catch(() => undefined); // the caller gets the failure; the next change continues
    return done;
  }
}
