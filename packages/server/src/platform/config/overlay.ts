import type { PrincipalId } from '@comfleet/contract';
import type { Database, Write } from '../database/database.ts';
import { AppError } from '../errors/app-error.ts';
import type { OverlayHistoryRow, OverlayTables } from './overlay-tables.ts';

/** A setting changed at run time, with who and when. */
export interface OverlayEntry {
  readonly value: unknown;
  readonly principalId: PrincipalId;
  readonly changedAtMs: number;
}

/** A change to store: `value` null resets the setting. */
export interface OverlayChange {
  readonly key: string;
  readonly to: { readonly value: unknown } | null;
  /** The values in force before and after, whatever their source. */
  readonly before: unknown;
  readonly after: unknown;
  readonly principalId: PrincipalId;
}

/** One change of the past. */
export interface SettingChange {
  readonly number: number;
  readonly key: string;
  readonly before: unknown;
  readonly after: unknown;
  readonly isReset: boolean;
  readonly principalId: PrincipalId;
  readonly changedAtMs: number;
}

const MAX_ROWS = 1000;

/** Reads every setting that was changed at run time. */
export async function openOverlay(database: Database<OverlayTables>): Promise<Overlay> {
  const { k } = database;
  const rows = await database.read(k.selectFrom('overlay').selectAll().orderBy('name').limit(MAX_ROWS));
  const entries = rows.map(({ name, value, principal_id: principalId, changed_at: changedAtMs }) => {
    const entry: OverlayEntry = { value: JSON.parse(value), principalId, changedAtMs };
    return [name, entry] as const;
  });
  const [last] = await database.read(
    k.selectFrom('overlay_history').select('number').orderBy('number', 'desc').limit(1),
  );
  return new Overlay(database, new Map(entries), last?.number ?? 0);
}

/** The stored settings that were changed at run time, and the history of all changes. Changes come one after the other. */
export class Overlay {
  readonly #database: Database<OverlayTables>;
  readonly #entries: Map<string, OverlayEntry>;
  #lastNumber: number;

  constructor(database: Database<OverlayTables>, entries: Map<string, OverlayEntry>, lastNumber: number) {
    this.#database = database;
    this.#entries = entries;
    this.#lastNumber = lastNumber;
  }

  /** Null for a setting that is not changed at run time. */
  find(key: string): OverlayEntry | null {
    return this.#entries.get(key) ?? null;
  }

  /** All values by key. */
  values(): ReadonlyMap<string, unknown> {
    return new Map([...this.#entries].map(([key, { value }]) => [key, value]));
  }

  /** Stores a change with its history in one transaction. Throws CONFLICT if another process changed settings meanwhile. */
  async store(change: OverlayChange): Promise<void> {
    const { key, to, principalId } = change;
    const changedAtMs = this.#database.nowMs();
    const number = this.#lastNumber + 1;
    const outcome = await this.#database.commit([
      this.#toWrite(key, to, { principal_id: principalId, changed_at: changedAtMs }),
      {
        query: this.#database.k.insertInto('overlay_history').values({
          ...{ number, name: key, is_reset: to === null ? 1 : 0 },
          ...{ value_before: toJson(change.before), value_after: toJson(change.after) },
          ...{ principal_id: principalId, changed_at: changedAtMs },
        }),
        rows: 1,
      },
    ]);
    if (outcome.kind === 'refused') throw new AppError('CONFLICT', { setting: key, reason: outcome.reason });
    this.#lastNumber = number;
    if (to === null) this.#entries.delete(key);
    else this.#entries.set(key, { value: to.value, principalId, changedAtMs });
  }

  /** Changes, newest first; of these settings, or of all (null). `before`: the number that a page ended with. */
  async history(
    keys: readonly string[] | null,
    { limit, before }: { limit: number; before: number | null },
  ): Promise<SettingChange[]> {
    let query = this.#database.k
      .selectFrom('overlay_history')
      .selectAll()
      .orderBy('number', 'desc')
      .limit(limit);
    if (keys !== null) query = query.where('name', 'in', [...keys, '']);
    if (before !== null) query = query.where('number', '<', before);
    return (await this.#database.read(query)).map(toChange);
  }

  #toWrite(
    key: string,
    to: OverlayChange['to'],
    by: { principal_id: PrincipalId; changed_at: number },
  ): Write {
    const { k } = this.#database;
    if (to === null) return { query: k.deleteFrom('overlay').where('name', '=', key), rows: 1 };
    const columns = { value: toJson(to.value), ...by };
    return this.#entries.has(key)
      ? { query: k.updateTable('overlay').set(columns).where('name', '=', key), rows: 1 }
      : { query: k.insertInto('overlay').values({ name: key, ...columns }), rows: 1 };
  }
}

function toChange(row: OverlayHistoryRow): SettingChange {
  return {
    number: row.number,
    key: row.name,
    before: JSON.parse(row.value_before),
    after: JSON.parse(row.value_after),
    isReset: row.is_reset === 1,
    principalId: row.principal_id,
    changedAtMs: row.changed_at,
  };
}

function toJson(value: unknown): string {
  return JSON.stringify(value ?? null);
}
