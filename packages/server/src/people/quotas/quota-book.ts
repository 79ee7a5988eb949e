import type { PrincipalId, ProjectId, Quota, QuotaLimits, QuotaSubject } from '@comfleet/contract';
import type { Database } from '../../platform/database/database.ts';
import type { PrincipalRow } from '../identity/identity-tables.ts';
import { findPrincipal } from '../identity/principal-statements.ts';
import { listOverrideRows, listPrincipalKinds } from './quota-statements.ts';
import type { QuotaRow, QuotaTables } from './quota-tables.ts';
import type { DefaultsOf, QuotaDefaults } from './settings.ts';

/** A limit in force, and where it was set. */
export interface LimitInForce {
  readonly limit: number | null;
  readonly source: 'own' | 'default';
}

const MAX_KNOWN = 50_000;

/** The limits of everybody, in memory: placement asks for them at each decision. */
export class QuotaBook {
  readonly #db: Database<QuotaTables>;
  readonly #defaults: () => QuotaDefaults;
  readonly #overrides = new Map<string, QuotaRow & { readonly parsed: Partial<QuotaLimits> }>();
  /** Which defaults are those of a principal; it never changes. */
  readonly #kinds = new Map<PrincipalId, DefaultsOf>();

  readonly #listeners = new Set<() => void>();

  constructor(db: Database<QuotaTables>, defaults: () => QuotaDefaults) {
    this.#db = db;
    this.#defaults = defaults;
  }

  get defaults(): QuotaDefaults {
    return this.#defaults();
  }

  /** Loads every limit that was set, and whose defaults apply to whom. */
  async load(): Promise<void> {
    for (const row of await listPrincipalKinds(this.#db, MAX_KNOWN)) this.#kinds.set(row.id, toDefaults(row));
    for (const row of await listOverrideRows(this.#db)) this.put(row);
  }

  list(): QuotaRow[] {
    return [...this.#overrides.values()];
  }

  put(row: QuotaRow): void {
    this.#overrides.set(row.subject_id, { ...row, parsed: JSON.parse(row.limits) as Partial<QuotaLimits> });
    for (const listener of this.#listeners) listener();
  }

  remove(id: string): void {
    this.#overrides.delete(id);
    for (const listener of this.#listeners) listener();
  }

  /** Called after each change: a raised limit lets the next task start. */
  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** Learns whose defaults apply to a principal. */
  async learn(id: PrincipalId): Promise<void> {
    if (this.#kinds.has(id)) return;
    const row = await findPrincipal(this.#db, id);
    if (this.#kinds.size >= MAX_KNOWN) this.#kinds.clear();
    this.#kinds.set(id, row === null ? 'client' : toDefaults(row));
  }

  /** What a learned principal is called. */
  kindOf(id: PrincipalId): QuotaSubject {
    return this.#kinds.get(id) === 'user' ? 'user' : 'client';
  }

  /** Those of a principal that was not learned yet are a client's. */
  ofOwner(id: PrincipalId, quota: Quota): LimitInForce {
    return this.#find(id, this.#kinds.get(id) ?? 'client', quota);
  }

  ofProject(id: ProjectId, quota: Quota): LimitInForce {
    return this.#find(id, 'project', quota);
  }

  #find(id: string, kind: DefaultsOf, quota: Quota): LimitInForce {
    const own = this.#overrides.get(id)?.parsed[quota];
    if (own !== undefined) return { limit: own, source: 'own' };
    return { limit: this.#defaults()[kind][quota], source: 'default' };
  }
}

function toDefaults({
  kind,
  self_registered: isOwn,
}: Pick<PrincipalRow, 'kind' | 'self_registered'>): DefaultsOf {
  if (kind === 'user') return 'user';
  return isOwn === null ? 'client' : 'registered_client';
}

/** What a principal is called in quotas; agents and the server itself count as clients. */
export function toSubjectKind(kind: PrincipalRow['kind']): QuotaSubject {
  return kind === 'user' ? 'user' : 'client';
}
