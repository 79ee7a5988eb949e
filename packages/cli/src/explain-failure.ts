import { TaskEndedError } from '@comfleet/sdk';
import { findServer } from './connection/find-server.ts';
import type { GlobalOptions } from './context.ts';
import { EXIT, exitCodeOf } from './exit-codes.ts';
import { describeDetails } from './output/describe-details.ts';
import { toPlainText } from './output/table.ts';
import type { Terminal } from './platform/terminal.ts';
import { chooseLanguage, chooseTexts, explainError } from './texts/cli-texts.ts';

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

function toRecord(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { code: 'INTERNAL', message: String(error), details: null };
  const { code, details, requestId } = error as { code?: unknown; details?: unknown; requestId?: unknown };
  return {
    code: typeof code === 'string' ? code : error.name === 'UsageError' ? 'USAGE' : 'INTERNAL',
    message: error.message,
    details: details ?? null,
    ...(typeof requestId === 'string' ? { request_id: requestId } : {}),
  };
}

async function describe(
  error: unknown,
  status: number,
  { terminal, options }: { terminal: Terminal; options: GlobalOptions },
): Promise<string[]> {
  const language = chooseLanguage(options.lang, terminal.env);
  const texts = chooseTexts(language);
  if (error instanceof TaskEndedError)
    return [texts.say('cli.failed', { id: error.task.task_id, message: texts.error(error) })];
  const { code, message, details, request_id: requestId } = toRecord(error);
  const lines = [
    `✗ ${code === 'USAGE' || code === 'INTERNAL' ? '' : `${String(code)}: `}${toPlainText(explainError(language, String(code), String(message)))}`,
  ];
  lines.push(...describeDetails(details).map((line) => `  ${toPlainText(line)}`));
  if (requestId !== undefined) lines.push(`  request_id ${String(requestId)}`);
  if (status !== EXIT.unreachable && status !== EXIT.unauthorised) return lines;
  const { url, token, credentialFile } = await findServer(options, terminal);
  if (status === EXIT.unreachable) lines.push(texts.say('cli.no_server', { url }));
  else if (token === null) lines.push(texts.say('cli.no_credential', { path: credentialFile }));
  return lines;
}
