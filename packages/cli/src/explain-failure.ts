import { type RecordedError, readFailure } from '@comfleet/contract';
import { TaskEndedError } from '@comfleet/sdk';
import { findServer } from './connection/find-server.ts';
import type { GlobalOptions } from './context.ts';
import { EXIT, ExplainedError, exitCodeOf } from './exit-codes.ts';
import { toPlainText } from './output/table.ts';
import type { Terminal } from './platform/terminal.ts';
import { chooseLanguage } from './texts/choose-language.ts';
import { type CliTexts, chooseTexts } from './texts/cli-texts.ts';

/** Says on stderr what went wrong and what to do, as JSON with --json, and gives the exit status. */
export async function explainFailure(
  error: unknown,
  terminal: Terminal,
  options: GlobalOptions,
): Promise<number> {
  if (terminal.signal.aborted) return EXIT.interrupted;
  const status = exitCodeOf(error);
  if (options.json === true) {
    terminal.err(JSON.stringify({ error: toRecord(error), exit_code: status }));
    return status;
  }
  for (const line of await describe(error, status, { terminal, options })) terminal.err(line);
  return status;
}

/** Anything thrown as an error with a code. */
export function toRecord(error: unknown): RecordedError & { request_id?: string } {
  if (!(error instanceof Error)) return { code: 'INTERNAL', message: String(error), details: null };
  const { code, details, requestId } = error as { code?: unknown; details?: unknown; requestId?: unknown };
  return {
    code: typeof code === 'string' ? code : error.name === 'UsageError' ? 'USAGE' : 'INTERNAL',
    message: error.message,
    details: typeof details === 'object' && details !== null ? { ...details } : null,
    ...(typeof requestId === 'string' ? { request_id: requestId } : {}),
  };
}

async function describe(
  error: unknown,
  status: number,
  { terminal, options }: { terminal: Terminal; options: GlobalOptions },
): Promise<string[]> {
  const texts = chooseTexts(chooseLanguage(options.lang, terminal.env), terminal.command);
  if (error instanceof ExplainedError) return [`✗ ${toPlainText(texts.join(error.texts))}`];
  const { request_id: requestId, ...record } = toRecord(error);
  const lines = [
    describeHead(error, record, texts),
    ...describeRest(record, texts).map((line) => `  ${toPlainText(line)}`),
  ];
  if (requestId !== undefined) lines.push(`  request_id ${requestId}`);
  if (status !== EXIT.unreachable && status !== EXIT.unauthorised) return lines;
  const { url, token, credentialFile } = await findServer(options, terminal);
  if (status === EXIT.unreachable) lines.push(texts.say('cli.no_server', { url }));
  else if (token === null) lines.push(texts.say('cli.no_credential', { path: credentialFile }));
  return lines;
}

function describeHead(error: unknown, record: RecordedError, texts: CliTexts): string {
  if (error instanceof TaskEndedError)
    return toPlainText(texts.say('cli.failed', { id: error.task.task_id, message: texts.error(record) }));
  const { code, message } = record;
  const what =
    code === 'INTERNAL'
      ? texts.say('cli.unexpected', { message })
      : texts.say('cli.error', { code, message: texts.explain(record) });
  return `✗ ${toPlainText(what)}`;
}

/** The points of an error; of one that we have no words for, its details by name. */
function describeRest(record: RecordedError, texts: CliTexts): string[] {
  const points = texts.points(record);
  const isDescribed = points.length > 0 || readFailure(record).summary.code !== record.code;
  if (isDescribed || record.details === null) return points;
  return Object.entries(record.details).map(([name, value]) =>
    texts.say('cli.detail', { name, value: showValue(value) }),
  );
}

function showValue(value: unknown): string {
  if (typeof value === 'string') return value;
  const isList = Array.isArray(value) && value.every((item) => typeof item === 'string');
  return isList ? value.join(', ') : JSON.stringify(value);
}
