import {
  type AuditAction,
  type AuditEntry,
  type AuditObjectKind,
  type AuditOutcome,
  createUuidV7,
  type PrincipalId,
  type PrincipalKind,
} from '@comfleet/contract';
import type { Database } from '../../platform/database/database.ts';
import type { Clock, Random } from '../../platform/time/clock.ts';
import { commitAll } from '../identity/commit-all.ts';
import { type AuditFilter, deleteEntriesBefore, insertEntry, listEntryRows } from './audit-statements.ts';
import type { AuditRow, AuditTables } from './audit-tables.ts';
import { type AuditState, changedFields } from './changed-fields.ts';
import { DenialLimit } from './denial-limit.ts';

/** What an entry is about, as far as it is known. */
export interface AuditObject {
  readonly kind: AuditObjectKind;
  readonly id: string | null;
  readonly name: string | null;
}

/** Where a request came from. */
export interface AuditOrigin {
  /** `native`, `comfy-v2`; `system` for what the server does itself. */
  readonly door: string;
  readonly route: string | null;
  readonly address: string | null;
  readonly userAgent: string | null;
  readonly requestId: string | null;
}

/** One act or one refusal. */
export interface AuditFacts {
  readonly action: AuditAction;
  readonly outcome: AuditOutcome;
  readonly code: string | null;
  readonly actor: { readonly id: PrincipalId; readonly kind: PrincipalKind; readonly name: string } | null;
  readonly object: AuditObject | null;
  readonly before: AuditState | null;
  readonly after: AuditState | null;
  readonly origin: AuditOrigin;
}

const SYSTEM: AuditOrigin = { door: 'system', route: null, address: null, userAgent: null, requestId: null };
const MAX_WORD = 100;
const MAX_TEXT = 300;
const MAX_STATE = 16_384;

/** Who did what to which object: entries are only ever added, and removed when they are older than the retention. */
export class AuditLog {
  readonly #db: Database<AuditTables>;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #denials: DenialLimit;
  #lastMs = 0;

  constructor(deps: { db: Database<AuditTables>; clock: Clock; random: Random }) {
    this.#db = deps.db;
    this.#clock = deps.clock;
    this.#random = deps.random;
    this.#denials = new DenialLimit(deps.clock);
  }

  /** Adds an entry; durable once it resolves. Of refusals that repeat within a minute only the first ones. */
  async record(facts: AuditFacts): Promise<void> {
    const leftOut = facts.outcome === 'denied' ? this.#denials.admit(toKind(facts)) : 0;
    if (leftOut === null) return;
    await commitAll(this.#db, [insertEntry(this.#db, this.#toRow(facts, leftOut))]);
  }

  /** Adds what the server did itself. */
  recordOwn(action: AuditAction, object: AuditObject, after: AuditState | null): Promise<void> {
    const facts = { action, object, after, outcome: 'done', code: null, actor: null, before: null } as const;
    return this.record({ ...facts, origin: SYSTEM });
  }

  /** Lists entries, newest first; `cursor` is the id of the last one of the page before. */
  async list(filter: AuditFilter): Promise<{ entries: AuditEntry[]; nextCursor: string | null }> {
    const rows = await listEntryRows(this.#db, { ...filter, limit: filter.limit + 1 });
    const page = rows.slice(0, filter.limit);
    return {
      entries: page.map(toEntry),
      nextCursor: rows.length > filter.limit ? (page.at(-1)?.id ?? null) : null,
    };
  }

  /** Removes entries older than that. */
  async forget(keepMs: number): Promise<void> {
    this.#denials.tidy();
    await deleteEntriesBefore(this.#db, this.#db.nowMs() - keepMs);
  }

  #toRow(facts: AuditFacts, leftOut: number): AuditRow {
    const { action, outcome, code, origin } = facts;
    const changed = changedFields(facts.before, facts.after);
    // Ids are in the order of entries, even within one millisecond.
    this.#lastMs = Math.max(this.#clock.nowMs(), this.#lastMs + 1);
    return {
      id: createUuidV7(this.#lastMs, this.#random.bytes(10)),
      at: this.#clock.nowMs(),
      ...{ action, outcome, code },
      ...toActorColumns(facts.actor),
      ...toObjectColumns(facts.object),
      state_before: writeState(changed.before),
      state_after: writeState(changed.after),
      ...{ door: origin.door, route: origin.route, request_id: origin.requestId },
      address: cut(origin.address, MAX_WORD),
      user_agent: cut(origin.userAgent, MAX_TEXT),
      left_out: leftOut,
    };
  }
}

function toActorColumns(actor: AuditFacts['actor']) {
  if (actor === null) return { actor_id: null, actor_kind: null, actor_name: null };
  return { actor_id: actor.id, actor_kind: actor.kind, actor_name: actor.name };
}

function toObjectColumns(object: AuditObject | null) {
  if (object === null) return { object_kind: null, object_id: null, object_name: null };
  const { kind, id, name } = object;
  return { object_kind: kind, object_id: cut(id, MAX_WORD), object_name: cut(name, MAX_TEXT) };
}

function cut(text: string | null, length: number): string | null {
  return text === null ? null : text.slice(0, length);
}

/** Refusals of one kind: by the same caller, or from the same address, for the same reason. */
function toKind({ action, code, actor, origin }: AuditFacts): string {
  return JSON.stringify([action, code, actor?.id ?? origin.address]);
}

function writeState(state: AuditState | null): string | null {
  if (state === null) return null;
  const text = JSON.stringify(state);
  return text.length <= MAX_STATE ? text : JSON.stringify({ too_large: text.length });
}

function toEntry(row: AuditRow): AuditEntry {
  const { actor_id: id, actor_kind: kind, actor_name: name } = row;
  return {
    entry_id: row.id,
    at: new Date(row.at).toISOString(),
    ...{ action: row.action, outcome: row.outcome, code: row.code },
    actor: id === null ? null : { id, kind: kind ?? '', name: name ?? '' },
    object: row.object_kind && { kind: row.object_kind, id: row.object_id, name: row.object_name },
    before: readState(row.state_before),
    after: readState(row.state_after),
    ...{ door: row.door, route: row.route, address: row.address, user_agent: row.user_agent },
    ...{ request_id: row.request_id, left_out: row.left_out },
  };
}

function readState(text: string | null): Record<string, unknown> | null {
  return text === null ? null : (JSON.parse(text) as Record<string, unknown>);
}
