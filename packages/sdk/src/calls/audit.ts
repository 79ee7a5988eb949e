import { type AuditEntry, type AuditOutcome, type AuditPage, auditPageSchema } from '@comfleet/contract';
import type { CallOptions, HttpTransport } from '../http/transport.ts';
import { type Download, openDownload } from './download.ts';

/** Which entries; what is absent does not narrow. */
export interface AuditFilter {
  /** A user or client, by id or name. */
  readonly actor?: string | undefined;
  /** One action (`user.changed`), or all of one object (`user`). */
  readonly action?: string | undefined;
  readonly outcome?: AuditOutcome | undefined;
  /** What it happened to, by id or name. */
  readonly object?: string | undefined;
  /** ISO 8601, or seconds since 1970. */
  readonly since?: string | undefined;
  readonly until?: string | undefined;
}

export interface AuditPageFilter extends AuditFilter {
  readonly limit?: number | undefined;
  readonly cursor?: string | undefined;
}

/** Who did what, and what was refused. Needs the permission `people.manage`. */
export class AuditCalls {
  readonly #transport: HttpTransport;

  constructor(transport: HttpTransport) {
    this.#transport = transport;
  }

  /** One page, newest first. */
  list(filter: AuditPageFilter = {}, options: CallOptions = {}): Promise<AuditPage> {
    const request = { ...options, method: 'GET', path: '/api/v2/admin/audit', query: { ...filter } } as const;
    return this.#transport.json(request, auditPageSchema);
  }

  /** Every entry, newest first, page after page. */
  async *each(filter: AuditPageFilter = {}, options: CallOptions = {}): AsyncGenerator<AuditEntry, void> {
    let { cursor } = filter;
    for (;;) {
      const page = await this.list({ ...filter, cursor }, options);
      yield* page.entries;
      if (page.next_cursor === null) return;
      cursor = page.next_cursor;
    }
  }

  /** The entries as a file: CSV for spreadsheets, or one JSON object a line. */
  export(format: 'csv' | 'jsonl', filter: AuditFilter = {}, options: CallOptions = {}): Promise<Download> {
    const query = { ...filter, format };
    return openDownload(this.#transport, '/api/v2/admin/audit/export', { ...options, query });
  }
}
