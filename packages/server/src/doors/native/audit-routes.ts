import { Readable } from 'node:stream';
import { AUDIT_OUTCOMES, type AuditEntry, auditPageSchema } from '@comfleet/contract';
import { z } from 'zod';
import type { AuditLog } from '../../people/audit/audit-log.ts';
import type { AuditFilter } from '../../people/audit/audit-statements.ts';
import { formatDisposition } from '../../platform/http/content-disposition.ts';
import type { HttpServer } from '../../platform/http/http-server.ts';
import { toCsvLine } from '../../platform/text/csv.ts';
import { exportResponses } from '../route-responses.ts';
import type { NativeDeps } from './native-deps.ts';
import { pageQuery, readTime } from './route-schemas.ts';

const EXPORT_PAGE = 500;
const MAX_EXPORTED = 200_000;

const auditQuery = pageQuery.extend({
  actor: z.string().max(200).optional().describe('Only what this user or client did, by id or name.'),
  action: z
    .string()
    .max(60)
    .regex(/^[a-z_]+(?:\.[a-z_]+)?$/)
    .optional()
    .describe('Only this action (`user.changed`), or all of one object (`user`).'),
  outcome: z.enum(AUDIT_OUTCOMES).optional(),
  object: z.string().max(200).optional().describe('Only what happened to this object, by id or name.'),
  since: z
    .string()
    .max(40)
    .optional()
    .describe('Only at or after this time: ISO 8601, or seconds since 1970.'),
  until: z.string().max(40).optional().describe('Only before this time.'),
});
type AuditQuery = z.infer<typeof auditQuery>;

const EXPORTS = {
  csv: { type: 'text/csv; charset=utf-8', head: `\uFEFF${toCsvLine(heads())}`, toLine: toCsv },
  jsonl: {
    type: 'application/x-ndjson; charset=utf-8',
    head: '',
    toLine: (entry: AuditEntry) => `${JSON.stringify(entry)}\n`,
  },
} as const;

/** Adds routes to read the audit log; none writes into it. */
export function addAuditRoutes(app: HttpServer, { audit }: NativeDeps): void {
  app.get('/api/v2/admin/audit', {
    config: { access: 'people.manage' },
    schema: {
      tags: ['admin'],
      summary: 'Who did what, and what was refused, newest first',
      querystring: auditQuery,
      response: { 200: auditPageSchema },
    },
    handler: async (request) => {
      const { limit, cursor } = request.query;
      const page = await audit.list({ ...toFilter(request.query), limit, cursor });
      return { entries: page.entries, next_cursor: page.nextCursor };
    },
  });

  app.get('/api/v2/admin/audit/export', {
    config: { access: 'people.manage' },
    schema: {
      tags: ['admin'],
      summary:
        'The same as a file: CSV for spreadsheets, or one JSON object a line; the newest 200,000 entries',
      querystring: auditQuery.omit({ limit: true, cursor: true }).extend({
        format: z.enum(['csv', 'jsonl']).default('csv'),
      }),
      response: exportResponses(['text/csv', 'application/x-ndjson']),
    },
    handler: (request, reply) => {
      const { format, ...query } = request.query;
      const { type, head, toLine } = EXPORTS[format];
      reply.header('content-disposition', formatDisposition('attachment', `audit.${format}`));
      reply.header('cache-control', 'no-store');
      return reply.type(type).send(Readable.from(exportLines(audit, toFilter(query), { head, toLine })));
    },
  });
}

function toFilter(query: Omit<AuditQuery, 'limit' | 'cursor'>): Omit<AuditFilter, 'limit'> {
  const { actor, action, outcome, object, since, until } = query;
  const times = { sinceMs: readTime('since', since), untilMs: readTime('until', until) };
  return { actor, action, outcome, object, ...times };
}

async function* exportLines(
  audit: Pick<AuditLog, 'list'>,
  filter: Omit<AuditFilter, 'limit'>,
  { head, toLine }: { head: string; toLine: (entry: AuditEntry) => string },
): AsyncGenerator<string> {
  if (head !== '') yield head;
  let cursor: string | undefined;
  for (let count = 0; count < MAX_EXPORTED; count += EXPORT_PAGE) {
    const page = await audit.list({ ...filter, limit: EXPORT_PAGE, cursor });
    yield page.entries.map(toLine).join('');
    if (page.nextCursor === null) return;
    cursor = page.nextCursor;
  }
}

function heads(): string[] {
  return [
    ...['time', 'outcome', 'action', 'code', 'actor', 'actor_id', 'object_kind', 'object', 'object_id'],
    ...['before', 'after', 'door', 'route', 'address', 'user_agent', 'request_id', 'left_out', 'entry_id'],
  ];
}

function toCsv(entry: AuditEntry): string {
  const { actor, object } = entry;
  return toCsvLine([
    ...[entry.at, entry.outcome, entry.action, entry.code, actor?.name ?? null, actor?.id ?? null],
    ...[object?.kind ?? null, object?.name ?? null, object?.id ?? null, entry.before, entry.after],
    ...[entry.door, entry.route, entry.address, entry.user_agent, entry.request_id, entry.left_out],
    entry.entry_id,
  ]);
}
