import type { AuditEntry } from '@comfleet/contract';
import type { AuditFilter } from '@comfleet/sdk';
import type { CommandContext } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { printDownload } from '../output/print-download.ts';
import { formatTable, toPlainText } from '../output/table.ts';
import type { CliTexts } from '../texts/cli-texts.ts';

export interface AuditFlags {
  readonly actor?: string;
  readonly action?: string;
  readonly object?: string;
  readonly denied?: boolean;
  /** Seconds before now. */
  readonly since?: number;
  readonly limit: number;
  readonly export?: string;
}

const PAGE = 500;

/** `comfleet audit`: newest first; with --export the file goes to stdout. */
export async function listAudit(context: CommandContext, flags: AuditFlags): Promise<number> {
  const { terminal, texts } = context;
  const { signal } = terminal;
  const comfleet = await context.connect();
  const filter = toFilter(flags, terminal.clock.nowMs());
  if (flags.export !== undefined) {
    const format = flags.export === 'csv' ? 'csv' : 'jsonl';
    await printDownload(terminal, await comfleet.audit.export(format, filter, { signal }));
    return EXIT.ok;
  }
  const entries: AuditEntry[] = [];
  const pages = { ...filter, limit: Math.min(flags.limit, PAGE) };
  for await (const entry of comfleet.audit.each(pages, { signal })) {
    entries.push(entry);
    if (entries.length >= flags.limit) break;
  }
  context.show({ entries }, () =>
    entries.length === 0 ? [texts.say('cli.nothing')] : formatEntries(entries, texts),
  );
  return EXIT.ok;
}

function toFilter({ actor, action, object, denied, since }: AuditFlags, nowMs: number): AuditFilter {
  return {
    ...{ actor, action, object },
    outcome: denied === true ? 'denied' : undefined,
    since: since === undefined ? undefined : new Date(nowMs - since * 1000).toISOString(),
  };
}

function formatEntries(entries: readonly AuditEntry[], texts: CliTexts): string[] {
  return formatTable(
    texts.heads('at', 'who', 'action', 'object', 'outcome', 'address', 'change'),
    entries.map((entry) => [
      entry.at.replace(/\.\d+Z$/, 'Z'),
      toPlainText(entry.actor?.name ?? '-'),
      entry.action,
      describeObject(entry),
      describeOutcome(entry, texts),
      entry.address ?? '-',
      describeChange(entry),
    ]),
  );
}

/** What is about nothing in particular is named by its route. */
function describeObject({ object, action, route }: AuditEntry): string {
  if (object === null) return action === 'access.denied' ? (route ?? '-') : '-';
  return toPlainText(object.name ?? object.id ?? '-');
}

function describeOutcome({ outcome, code, left_out: leftOut }: AuditEntry, texts: CliTexts): string {
  const more = leftOut > 0 ? ` (+${leftOut})` : '';
  return `${texts.name('outcome', outcome)}${code === null ? '' : ` ${code}`}${more}`;
}

/** `role: member → operator`; of what is new or gone its state. */
function describeChange({ before, after }: AuditEntry): string {
  if (before === null || after === null) return toPlainText(show(before ?? after));
  const names = Object.keys(after);
  return toPlainText(names.map((name) => `${name}: ${show(before[name])} → ${show(after[name])}`).join(', '));
}

const MAX_SHOWN = 80;

function show(value: unknown): string {
  if (value === null || value === undefined) return '-';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}
