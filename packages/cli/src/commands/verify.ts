import type { DefinitionProblem, Worker, Workflow } from '@comfleet/contract';
import { plainText } from '@comfleet/contract/texts/catalogue';
import type { Comfleet } from '@comfleet/sdk';
import { findWorkflow } from '../connection/find-workflow.ts';
import type { CommandContext } from '../context.ts';
import { EXIT, ExplainedError, exitCodeOf, UsageError } from '../exit-codes.ts';
import { toRecord } from '../explain-failure.ts';
import { toPlainText } from '../output/table.ts';
import type { CliTexts } from '../texts/cli-texts.ts';
import { loadLocalConfig, loadServer } from './server-module.ts';

export interface VerifyFlags {
  readonly config?: string;
  readonly workflow?: string;
}

interface Finding {
  readonly check: string;
  readonly ok: boolean;
  readonly seconds: number;
  readonly message: string;
  readonly exitCode: number;
}

/** Definitions that are refused, one line each, in the reader's language. */
class DefinitionsRefused extends Error {
  override readonly name = 'DefinitionsRefused';
  readonly code = 'CONFIG_INVALID';

  constructor(problems: readonly DefinitionProblem[], texts: CliTexts) {
    super(problems.map(texts.definition).join('\n'));
  }
}

/** Gives one line of what was found; throws when it is not as it should be. */
type Check = () => Promise<string>;

/**
 * `comfleet verify`: configuration, sign-in, database, redis, workers, one task end to end (CL5). Every check is tried; the
 * status is that of the first that failed. Without an answer of the server the checks behind it are left out.
 */
export async function runVerify(context: CommandContext, flags: VerifyFlags): Promise<number> {
  const comfleet = await context.connect();
  const findings = [await inspect(context, 'configuration', () => checkConfiguration(context, flags.config))];
  const signIn = await inspect(context, 'server', () => checkServer(comfleet, context));
  findings.push(signIn);
  if (signIn.ok) {
    for (const part of ['database', 'redis']) {
      findings.push(await inspect(context, part, () => checkService(comfleet, context, part)));
    }
    findings.push(await inspect(context, 'workflows', () => checkWorkflows(comfleet, context)));
    findings.push(await inspect(context, 'workers', () => checkWorkers(comfleet, context)));
    findings.push(await inspect(context, 'task', () => checkTask(comfleet, context, flags.workflow)));
  }
  const failed = findings.find((finding) => !finding.ok);
  const checks = findings.map(({ exitCode: _, ...finding }) => finding);
  context.show({ ok: failed === undefined, checks }, () =>
    findings.map((finding) => toLine(finding, context.texts)),
  );
  return failed?.exitCode ?? EXIT.ok;
}

async function inspect(context: CommandContext, check: string, run: Check): Promise<Finding> {
  const { clock, err, signal } = context.terminal;
  err(context.texts.say('cli.verifying', { what: context.texts.name('verify', check) }));
  const startedAtMs = clock.monotonicMs();
  const since = (): number => Math.round(clock.monotonicMs() - startedAtMs) / 1000;
  try {
    return { check, ok: true, message: await run(), seconds: since(), exitCode: EXIT.ok };
  } catch (error) {
    signal.throwIfAborted();
    const message = describeThrown(error, context.texts);
    return { check, ok: false, message, seconds: since(), exitCode: exitCodeOf(error) };
  }
}

function describeThrown(error: unknown, texts: CliTexts): string {
  if (error instanceof ExplainedError) return texts.join(error.texts);
  const record = toRecord(error);
  if (record.code === 'INTERNAL' || error instanceof DefinitionsRefused) return record.message;
  return [texts.explain(record), ...texts.points(record)].join('\n');
}

async function checkConfiguration(context: CommandContext, requested: string | undefined): Promise<string> {
  const { config, warnings } = await loadLocalConfig(context, requested);
  const refused = await (await loadServer()).checkWorkflows(config);
  if (refused.length > 0) throw new DefinitionsRefused(refused, context.texts);
  const { say } = context.texts;
  const about = warnings.map(({ path, text }) => say('verify.warning', { path, message: text }));
  return [config.file ?? say('verify.defaults'), ...about].join('\n');
}

/** What the server refused of the files that it read last. */
async function checkWorkflows(comfleet: Comfleet, { terminal, texts }: CommandContext): Promise<string> {
  const { workflows, problems = [] } = await comfleet.workflows.listWithProblems(
    {},
    { signal: terminal.signal },
  );
  if (problems.length > 0) throw new DefinitionsRefused(problems, texts);
  return texts.say('verify.workflows', { count: workflows.length });
}

async function checkServer(comfleet: Comfleet, { terminal, texts }: CommandContext): Promise<string> {
  const me = await comfleet.auth.me({ signal: terminal.signal });
  const grants = me.grants.join(', ') || texts.say('verify.no_grants');
  return texts.say('verify.server', { url: comfleet.url, name: me.name, grants });
}

async function checkService(
  comfleet: Comfleet,
  { terminal, texts }: CommandContext,
  part: string,
): Promise<string> {
  const { services } = await comfleet.service.health({ signal: terminal.signal });
  const service = services[part];
  if (service === undefined)
    throw new Error(texts.say('verify.unknown_part', { part: texts.name('verify', part) }));
  const message = texts.sent(service.message_text, service.message);
  if (service.status === 'down') throw new Error(message);
  return message;
}

async function checkWorkers(comfleet: Comfleet, { terminal, texts }: CommandContext): Promise<string> {
  const { signal } = terminal;
  const workers: Worker[] = [];
  for (const { worker_id: id } of await comfleet.workers.list({ signal })) {
    workers.push(await comfleet.workers.check(id, { signal }));
  }
  if (workers.length === 0) throw new Error(texts.say('verify.no_worker'));
  const all = workers.map((worker) => describeWorker(worker, texts)).join('\n');
  if (workers.some((w) => w.state === 'offline' || w.state === 'error')) throw new Error(all);
  return all;
}

function describeWorker(worker: Worker, texts: CliTexts): string {
  const { name, reason } = worker;
  const state = texts.name('state', worker.state);
  return reason === null
    ? texts.say('verify.worker', { name, state })
    : texts.say('verify.worker_because', { name, state, reason: texts.sent(worker.reason_text, reason) });
}

async function checkTask(
  comfleet: Comfleet,
  context: CommandContext,
  wish: string | undefined,
): Promise<string> {
  const { signal } = context.terminal;
  const workflow = await chooseWorkflow(comfleet, context, wish);
  const task = await comfleet.tasks.run({ workflow_name: workflow.name, trial: true }, { signal });
  const { texts } = context;
  if (task.results.length === 0) throw new Error(texts.say('verify.no_result', { workflow: workflow.name }));
  let bytes = 0;
  for (const result of task.results) {
    const file = await comfleet.tasks.download(task.task_id, { index: result.index, signal });
    bytes += (await file.bytes()).length;
  }
  return texts.say('verify.task', {
    workflow: workflow.name,
    worker: task.worker_name ?? '?',
    count: task.results.length,
    bytes,
  });
}

/** The workflow named, else the first that runs here as it is, one without a model before others. */
async function chooseWorkflow(
  comfleet: Comfleet,
  { terminal }: CommandContext,
  wish: string | undefined,
): Promise<Workflow> {
  if (wish !== undefined) return await findWorkflow(comfleet, wish, terminal.signal);
  const runnable = (await comfleet.workflows.list({}, { signal: terminal.signal })).filter(
    (workflow) =>
      workflow.enabled &&
      workflow.available &&
      workflow.parameters.every((p) => !p.required || p.default_value !== null),
  );
  const chosen = runnable.find((workflow) => workflow.name === 'solid_color') ?? runnable[0];
  if (chosen === undefined) throw new UsageError(plainText('usage.none_runs'));
  return chosen;
}

function toLine({ check, ok, seconds, message }: Finding, { say, name }: CliTexts): string {
  const [found = '', ...more] = message.split('\n').map(toPlainText);
  const values = { check: name('verify', check), found, seconds: seconds.toFixed(2) };
  return [`${ok ? '✓' : '✗'} ${say('verify.found', values)}`, ...more.map((line) => `    ${line}`)].join(
    '\n',
  );
}
