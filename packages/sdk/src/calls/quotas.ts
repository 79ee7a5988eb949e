import {
  type ChangeQuota,
  type QuotaList,
  type QuotaOverride,
  quotaListSchema,
  quotaOverrideSchema,
  type Usage,
  usageSchema,
} from '@comfleet/contract';
import { writeJson } from '../http/json-text.ts';
import type { CallOptions, HttpTransport } from '../http/transport.ts';

const QUOTAS = '/api/v2/admin/quotas';

/** Quotas, and what was used of them. All but `usage` need the permission `people.manage`. */
export class QuotaCalls {
  readonly #transport: HttpTransport;

  constructor(transport: HttpTransport) {
    this.#transport = transport;
  }

  /** What the caller, or a project of the caller, used: now, and on each of the last `days` (1–90, default 7), today included. */
  usage({
    projectId,
    days,
    ...options
  }: CallOptions & { projectId?: string; days?: number } = {}): Promise<Usage> {
    const query = { project_id: projectId, days: toText(days) };
    return this.#transport.json({ ...options, method: 'GET', path: '/api/v2/usage', query }, usageSchema);
  }

  /** The same of any user (id or name), client or project (id). */
  usageOf(id: string, { days, ...options }: CallOptions & { days?: number } = {}): Promise<Usage> {
    const path = `/api/v2/admin/usage/${encodeURIComponent(id)}`;
    const query = { days: toText(days) };
    return this.#transport.json({ ...options, method: 'GET', path, query }, usageSchema);
  }

  /** The configured limits, and those that differ. */
  list(options: CallOptions = {}): Promise<QuotaList> {
    return this.#transport.json({ ...options, method: 'GET', path: QUOTAS }, quotaListSchema);
  }

  /** Sets limits of a user (id or name), client or project (id): absent ones stay, null lifts one. */
  set(id: string, limits: ChangeQuota, options: CallOptions = {}): Promise<QuotaOverride> {
    const request = { ...options, method: 'PUT', path: toPath(id), body: writeJson(limits) } as const;
    return this.#transport.json(request, quotaOverrideSchema);
  }

  /** Gives a user, client or project the configured limits again. */
  async reset(id: string, options: CallOptions = {}): Promise<void> {
    const request = { ...options, method: 'DELETE', path: toPath(id), repeatable: true } as const;
    await this.#transport.send(request, async () => undefined);
  }
}

function toPath(id: string): string {
  return `${QUOTAS}/${encodeURIComponent(id)}`;
}

function toText(days: number | undefined): string | undefined {
  return days === undefined ? undefined : String(days);
}
