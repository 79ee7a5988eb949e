import { readFile, stat } from 'node:fs/promises';
import { basename, parse, resolve } from 'node:path';
import type { TaskDetail, Workflow } from '@comfleet/contract';
import type { SubmitBody } from '@comfleet/sdk';
import { findProjectId } from '../connection/find-project.ts';
import { findWorkflow } from '../connection/find-workflow.ts';
import { type CommandContext, openSession, type Session } from '../context.ts';
import { EXIT, exitCodeOfTask, UsageError } from '../exit-codes.ts';
import { toPlainText } from '../output/table.ts';
import { convertAssignments, convertParameter } from '../parameters/convert-parameter.ts';
import { editGraph } from '../parameters/edit-graph.ts';
import { readGraphFile } from '../parameters/read-graph-file.ts';
import { followTask } from '../progress/follow-task.ts';
import { prepareFolder, saveResults } from '../results/save-results.ts';
import type { CliTexts } from '../texts/cli-texts.ts';

/** As the server takes it, in characters. */
const LONGEST_NAME = 200;

export interface SubmitFlags {
  readonly param?: readonly string[];
  readonly seed?: string;
  readonly name?: string;
  readonly fileName?: string;
  readonly outputPath?: string;
  readonly project?: string;
  readonly priority?: number;
  readonly timeout?: number;
}

export interface RunFlags extends SubmitFlags {
  readonly out?: string;
  readonly wait: boolean;
  readonly silence: number;
}

/** `comfleet run`: one task from a named workflow or a graph's file, followed to its end. */
export async function runTask(context: CommandContext, target: string, flags: RunFlags): Promise<number> {
  const { terminal, texts } = context;
  const startedAtMs = terminal.clock.monotonicMs();
  if (flags.out !== undefined) await prepareFolder(resolve(terminal.cwd, flags.out));
  const session = await openSession(context);
  const { comfleet } = session;
  const body = await buildBody(session, target, flags);
  const submitted = await comfleet.tasks.submit(body, { signal: terminal.signal });
  const { task_id: taskId } = submitted;
  submitted.warnings.forEach((warning, index) => {
    terminal.err(`⚠ ${toPlainText(texts.sent(submitted.warning_texts?.[index], warning))}`);
  });
  if (!flags.wait) {
    context.show(submitted, () => [taskId]);
    return EXIT.ok;
  }
  terminal.err(texts.say('cli.accepted', { task: taskId }));
  return await finishTask(session, taskId, { ...flags, startedAtMs });
}

/** Follows a task, saves its files where asked to, shows it, and says with what status to exit. */
export async function finishTask(
  session: Session,
  taskId: string,
  flags: { readonly out?: string; readonly silence: number; readonly startedAtMs?: number },
): Promise<number> {
  const { context } = session;
  const { terminal, texts } = context;
  let task: TaskDetail;
  try {
    const { silence: silenceSeconds, startedAtMs } = flags;
    task = await followTask(session, taskId, { silenceSeconds, startedAtMs });
  } catch (error) {
    if (terminal.signal.aborted) terminal.err(texts.say('cli.still_running', { task: taskId }));
    throw error;
  }
  for (const line of describeEnd(task, texts)) terminal.err(`  ${toPlainText(line)}`);
  const paths = await saveIfRequested(session, task, flags.out);
  context.show(flags.out === undefined ? task : { ...task, saved: paths }, () =>
    describeResults(task, paths),
  );
  return exitCodeOfTask(task.status, task.error?.code ?? null);
}

/** What else there is to say of its failure, and of its results. */
function describeEnd({ error, warning_texts: warnings = [] }: TaskDetail, texts: CliTexts): string[] {
  const failure = error === null ? [] : texts.points(error);
  const lines = warnings.map((warning) => texts.sent(warning, warning.code));
  return [...failure, ...lines.filter((line) => !failure.includes(line)).map((line) => `⚠ ${line}`)];
}

async function saveIfRequested(
  { comfleet, context: { terminal } }: Session,
  task: TaskDetail,
  out: string | undefined,
): Promise<string[]> {
  if (out === undefined || task.status !== 'succeeded') return [];
  return await saveResults(comfleet, task, { folder: resolve(terminal.cwd, out), signal: terminal.signal });
}

/** One line a result: where it was saved, else its name and size; texts as they are. */
function describeResults(task: TaskDetail, paths: readonly string[]): string[] {
  if (paths.length > 0) return [...paths];
  return task.results.map((result) => toPlainText(result.text ?? `${result.name}  ${result.size_bytes} B`));
}

/** What to submit: `target` is a file ending in .json (a graph in API format) the name of a workflow, or a task type. */
export async function buildBody(session: Session, target: string, flags: SubmitFlags): Promise<SubmitBody> {
  const { comfleet } = session;
  const { terminal } = session.context;
  const options = {
    name: flags.name,
    priority: flags.priority,
    timeout_seconds: flags.timeout,
    file_name: flags.fileName,
    output_path: flags.outputPath,
    project_id: await findProjectId(comfleet, flags.project, terminal.signal),
  };
  if (target.endsWith('.json')) {
    const text = await readGraphFile(resolve(terminal.cwd, target));
    const rawGraph = editGraph(text, { assignments: flags.param ?? [], seed: flags.seed });
    return { ...options, name: flags.name ?? nameOf(target), rawGraph };
  }
  const workflow = await findWorkflow(comfleet, target, terminal.signal);
  const parameters = {
    ...convertAssignments(workflow.parameters, flags.param ?? []),
    ...toSeed(workflow, flags.seed),
  };
  await uploadImages(session, workflow, parameters);
  return { ...options, workflow_name: workflow.name, parameters };
}

/** A graph has no name of its own: it goes by that of its file. */
function nameOf(file: string): string {
  return parse(file).name.slice(0, LONGEST_NAME);
}

function toSeed(workflow: Workflow, seed: string | undefined): Record<string, unknown> {
  if (seed === undefined) return {};
  const parameter = workflow.parameters.find((candidate) => candidate.data_type === 'seed');
  if (parameter === undefined)
    throw new UsageError({ code: 'usage.no_seed', params: { workflow: workflow.name } });
  return { [parameter.name]: convertParameter(parameter, seed) };
}

/** Sends pictures that are files here, and puts the uploads' ids in their place. */
async function uploadImages(
  { comfleet, context: { terminal } }: Session,
  workflow: Workflow,
  parameters: Record<string, unknown>,
): Promise<void> {
  for (const { name, data_type: type } of workflow.parameters) {
    const value = parameters[name];
    if (type !== 'image' || typeof value !== 'string') continue;
    const path = resolve(terminal.cwd, value);
    if (!(await isFile(path))) continue;
    const bytes = new Uint8Array(await readFile(path));
    const upload = await comfleet.uploads.create(bytes, basename(path), { signal: terminal.signal });
    parameters[name] = upload.upload_id;
  }
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch {
    return false; // no such file here: the value is an upload's id or name
  }
}
