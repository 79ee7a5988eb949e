import type { Batch, BatchDetail, Task } from '@comfleet/contract';
import { findBatchId, listNewestBatches } from '../connection/find-batch.ts';
import { findProjectId } from '../connection/find-project.ts';
import { type CommandContext, openSession } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { formatTable, toPlainText } from '../output/table.ts';
import type { BatchPlan } from '../progress/batch-lines.ts';
import {
  type BatchOutFlags,
  describeFolder,
  followBatch,
  openBatchFolder,
  summariseBatch,
} from '../progress/follow-batch.ts';
import { describeError } from '../progress/task-lines.ts';
import { promptOf } from '../results/batch-files.ts';
import type { CliTexts } from '../texts/cli-texts.ts';

export interface BatchListFlags {
  readonly project?: string;
  readonly limit: number;
}

/** `comfleet batches list`: newest first. */
export async function listBatches(context: CommandContext, flags: BatchListFlags): Promise<number> {
  const { signal } = context.terminal;
  const comfleet = await context.connect();
  const projectId = await findProjectId(comfleet, flags.project, signal);
  const batches = await listNewestBatches(comfleet, { count: flags.limit, projectId }, signal);
  context.show({ batches }, () =>
    batches.length === 0 ? [context.texts.say('cli.nothing')] : formatBatches(batches, context.texts),
  );
  return EXIT.ok;
}

function formatBatches(batches: readonly Batch[], texts: CliTexts): string[] {
  return formatTable(
    texts.heads('batch', 'status', 'done', 'failed', 'created', 'name'),
    batches.map(({ batch_id: id, status, counts, created_at: createdAt, name }) => [
      id,
      texts.name('status', status),
      `${counts.succeeded}/${counts.total}`,
      String(counts.failed + counts.expired),
      createdAt,
      toPlainText(name ?? '-'),
    ]),
  );
}

/** `comfleet batches show`: the batch and its items in their order. */
export async function showBatch(context: CommandContext, idOrName: string): Promise<number> {
  const comfleet = await context.connect();
  const { signal } = context.terminal;
  const batch = await comfleet.batches.load(await findBatchId(comfleet, idOrName, signal), { signal });
  context.show(batch, () => [
    ...formatBatches([batch], context.texts),
    '',
    ...formatTable(
      context.texts.heads('item', 'task', 'status', 'seconds', 'seed', 'prompt', 'result'),
      batch.tasks.map((task, index) => toItemRow(task, index + 1, context.texts)),
    ),
  ]);
  return EXIT.ok;
}

const LONGEST_PROMPT = 40;

function toItemRow(task: Task, item: number, texts: CliTexts): string[] {
  const prompt = toPlainText(promptOf(task) ?? '-');
  const isLong = prompt.length > LONGEST_PROMPT;
  const files = task.results.map(({ name }) => name).join(', ');
  return [
    String(item),
    task.task_id,
    texts.name('status', task.status),
    task.duration_seconds?.toFixed(2) ?? '-',
    task.seed ?? '-',
    isLong ? `${prompt.slice(0, LONGEST_PROMPT - 1)}…` : prompt,
    toPlainText(task.error === null ? files : describeError(task, texts)),
  ];
}

/** `comfleet batches watch`: follows a batch to its end, saving what is and what gets done with `--out`. */
export async function watchBatch(
  context: CommandContext,
  idOrName: string,
  flags: BatchOutFlags,
): Promise<number> {
  const startedAtMs = context.terminal.clock.monotonicMs();
  const session = await openSession(context);
  const { signal } = context.terminal;
  const batchId = await findBatchId(session.comfleet, idOrName, signal);
  const batch = await session.comfleet.batches.load(batchId, { signal });
  const plan = planLines(batch, context.texts);
  return await followBatch(session, { ...plan, batchId, startedAtMs }, { ...flags, keepGoing: true });
}

/** Descriptions and how often each, as the prompts of the items tell them. */
function planLines(batch: BatchDetail, texts: CliTexts): BatchPlan {
  const prompts = new Set(batch.tasks.map(promptOf));
  const copies = batch.tasks.length / Math.max(1, prompts.size);
  const isEven = Number.isInteger(copies);
  return {
    texts,
    medium: batch.tasks[0]?.task_type.includes('video') ? 'video' : 'image',
    descriptions: isEven ? prompts.size : batch.tasks.length,
    copies: isEven ? copies : 1,
    taskIds: batch.task_ids,
  };
}

/** `comfleet batches pause`, `resume` and `cancel`. */
export async function changeBatch(
  context: CommandContext,
  idOrName: string,
  change: 'pause' | 'resume' | 'cancel',
): Promise<number> {
  const comfleet = await context.connect();
  const { signal } = context.terminal;
  const batch = await comfleet.batches[change](await findBatchId(comfleet, idOrName, signal), { signal });
  context.show(batch, () => formatBatches([batch], context.texts));
  return EXIT.ok;
}

/** `comfleet batches download`: the files of the items that are done, which are not there yet, and the manifest. */
export async function downloadBatch(
  context: CommandContext,
  idOrName: string,
  flags: BatchOutFlags & { readonly out: string },
): Promise<number> {
  const session = await openSession(context);
  const { signal } = context.terminal;
  const batchId = await findBatchId(session.comfleet, idOrName, signal);
  const batch = await session.comfleet.batches.load(batchId, { signal });
  const folder = await openBatchFolder(session, batchId, flags);
  const saved: string[] = [];
  for (const [index, task] of batch.tasks.entries()) {
    if (task.status !== 'succeeded' || folder === null) continue;
    const place = { item: index + 1, total: batch.tasks.length, signal };
    saved.push(...(await folder.save(session.comfleet, task, place)));
  }
  summariseBatch(session, batch, { saved, manifest: await describeFolder(session, folder, batch) });
  return EXIT.ok;
}
