import { resolve } from 'node:path';
import { HELD_REASONS, isTerminal, STATE_ALIASES, TASK_STATES, type Task } from '@comfleet/contract';
import { plainText } from '@comfleet/contract/texts/catalogue';
import { findBatchId } from '../connection/find-batch.ts';
import { findProjectId } from '../connection/find-project.ts';
import { type CommandContext, openSession } from '../context.ts';
import { EXIT, exitCodeOfTask, UsageError } from '../exit-codes.ts';
import { formatTable, toPlainText } from '../output/table.ts';
import { pickOne } from '../parameters/pick-one.ts';
import { saveDownload, saveResults, toFileName } from '../results/save-results.ts';
import type { CliTexts } from '../texts/cli-texts.ts';
import { finishTask } from './run.ts';
import { findWorker } from './workers.ts';

export interface ListFlags {
  readonly status?: string;
  readonly held?: string;
  readonly type?: string;
  readonly worker?: string;
  readonly batch?: string;
  readonly project?: string;
  readonly limit: number;
}

const STATES: readonly string[] = [...TASK_STATES, ...Object.keys(STATE_ALIASES)];
const HEADS = ['task', 'status', 'workflow', 'worker', 'created', 'seconds', 'message'] as const;

/** `comfleet tasks list`: newest first. */
export async function listTasks(context: CommandContext, flags: ListFlags): Promise<number> {
  const { type: taskType, limit } = flags;
  const status = flags.status === undefined ? undefined : pickOne('--status', flags.status, STATES);
  const heldReason = flags.held === undefined ? undefined : pickOne('--held', flags.held, HELD_REASONS);
  const comfleet = await context.connect();
  const { signal } = context.terminal;
  const worker =
    flags.worker === undefined ? undefined : (await findWorker(comfleet, flags.worker, signal)).worker_id;
  const batchId = flags.batch === undefined ? undefined : await findBatchId(comfleet, flags.batch, signal);
  const projectId = await findProjectId(comfleet, flags.project, signal);
  const tasks: Task[] = [];
  const filter = { status, worker, heldReason, taskType, batchId, projectId, limit: Math.min(limit, 200) };
  for await (const task of comfleet.tasks.each(filter, { signal: context.terminal.signal })) {
    tasks.push(task);
    if (tasks.length >= limit) break;
  }
  context.show({ tasks }, () =>
    tasks.length === 0
      ? [context.texts.say('cli.nothing')]
      : formatTable(
          context.texts.heads(...HEADS),
          tasks.map((task) => toRow(task, context.texts)),
        ),
  );
  return EXIT.ok;
}

function toRow(task: Task, texts: CliTexts): string[] {
  return [
    task.task_id,
    texts.name('status', task.status),
    toPlainText(task.workflow_name ?? task.name ?? '-'),
    task.worker_name ?? '-',
    task.created_at,
    task.duration_seconds?.toFixed(2) ?? '-',
    toPlainText(describeEnd(task, texts) ?? texts.sent(task.message_text, task.message)),
  ];
}

/** The error of a task that failed; a held one has one too, and says more. */
function describeEnd({ status, error }: Task, texts: CliTexts): string | null {
  return status === 'held' || error === null ? null : texts.error(error);
}

/** `comfleet tasks watch`: lines until the end; with --json one frame a line. */
export async function watchTask(
  context: CommandContext,
  taskId: string,
  flags: { readonly silence: number },
): Promise<number> {
  const { terminal } = context;
  const session = await openSession(context);
  const { comfleet } = session;
  if (!context.isJson) return await finishTask(session, taskId, flags);
  for await (const frame of comfleet.tasks.watch(taskId, { signal: terminal.signal })) {
    terminal.out(JSON.stringify(frame));
  }
  const task = await comfleet.tasks.load(taskId, { signal: terminal.signal });
  return exitCodeOfTask(task.status, task.error?.code ?? null);
}

/** `comfleet tasks cancel`. */
export async function cancelTasks(context: CommandContext, taskIds: readonly string[]): Promise<number> {
  const comfleet = await context.connect();
  const tasks: Task[] = [];
  for (const taskId of taskIds)
    tasks.push(await comfleet.tasks.cancel(taskId, { signal: context.terminal.signal }));
  context.show({ tasks }, () => tasks.map((task) => describeChanged(task, context.texts)));
  return EXIT.ok;
}

export interface DecideFlags {
  readonly runAgain?: boolean;
  readonly giveUp?: boolean;
}

/** `comfleet tasks decide`: a user's decision on a task whose paid nodes may have run. */
export async function decideTask(
  context: CommandContext,
  taskId: string,
  { runAgain, giveUp }: DecideFlags,
): Promise<number> {
  if (runAgain === giveUp) throw new UsageError(plainText('usage.decide'));
  const decision = runAgain ? 'run_again' : 'give_up';
  const comfleet = await context.connect();
  const task = await comfleet.tasks.decide(taskId, decision, { signal: context.terminal.signal });
  context.show(task, () => [describeChanged(task, context.texts)]);
  return EXIT.ok;
}

function describeChanged(task: Task, texts: CliTexts): string {
  const message = toPlainText(texts.sent(task.message_text, task.message));
  return [task.task_id, texts.name('status', task.status), message].join('  ');
}

/** `comfleet tasks retry`: the same once more, as a new task. */
export async function retryTask(context: CommandContext, taskId: string): Promise<number> {
  const comfleet = await context.connect();
  const submitted = await comfleet.tasks.retry(taskId, { signal: context.terminal.signal });
  context.show(submitted, () => [submitted.task_id]);
  return EXIT.ok;
}

/** `comfleet tasks download`: all results, or the one of --index. */
export async function downloadResults(
  context: CommandContext,
  taskId: string,
  flags: { readonly out: string; readonly index?: number },
): Promise<number> {
  const { terminal } = context;
  const comfleet = await context.connect();
  const folder = resolve(terminal.cwd, flags.out);
  const task = await comfleet.tasks.load(taskId, { signal: terminal.signal });
  if (!isTerminal(task.status))
    throw new UsageError({ code: 'usage.no_results_yet', params: { status: task.status } });
  const paths = await save();
  context.show({ saved: paths }, () => paths);
  return EXIT.ok;

  async function save(): Promise<string[]> {
    if (flags.index === undefined)
      return await saveResults(comfleet, task, { folder, signal: terminal.signal });
    const result = task.results.find((candidate) => candidate.index === flags.index);
    const options = { index: flags.index, signal: terminal.signal };
    const download = await comfleet.tasks.download(taskId, options);
    return [
      await saveDownload(download, { folder, name: result === undefined ? taskId : toFileName(result) }),
    ];
  }
}
