import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type BatchDetail, isTerminal, type StreamFrame, type Task } from '@comfleet/contract';
import type { BatchBody } from '@comfleet/sdk';
import { findWorkflow } from '../connection/find-workflow.ts';
import { type CommandContext, openSession, type Session } from '../context.ts';
import { EXIT, UsageError } from '../exit-codes.ts';
import { BatchLines } from '../progress/batch-lines.ts';
import { describeError } from '../progress/task-lines.ts';
import { prepareFolder, saveResults } from '../results/save-results.ts';
import type { Medium } from '../texts/cli-texts.ts';
import { buildBody, type SubmitFlags } from './run.ts';

export interface BatchFlags extends SubmitFlags {
  readonly description?: readonly string[];
  /** A text file: one description a line; empty lines and lines that begin with # do not count. */
  readonly file?: string;
  readonly imagesPerDescription: number;
  readonly fixedSeed?: boolean;
  readonly out?: string;
  readonly wait: boolean;
  /** False: the first failure cancels the rest. */
  readonly keepGoing: boolean;
}

/** `comfleet batch`: descriptions × images, announced one by one, failures reported and passed over. */
export async function runBatch(
  context: CommandContext,
  workflow: string,
  flags: BatchFlags,
): Promise<number> {
  const { terminal, texts } = context;
  const startedAtMs = terminal.clock.monotonicMs();
  const descriptions = await readDescriptions(context, flags);
  if (flags.out !== undefined) await prepareFolder(resolve(terminal.cwd, flags.out));
  const session = await openSession(context);
  const { comfleet } = session;
  const { medium, body } = await plan(session, workflow, { flags, descriptions });
  const batch = await comfleet.batches.submit(body, { signal: terminal.signal });
  if (!flags.wait) {
    context.show(batch, () => [batch.batch_id]);
    return EXIT.ok;
  }
  terminal.err(texts.say('cli.batch_accepted', { batch: batch.batch_id }));
  terminal.err(texts.say('cli.batch_connected', { medium }));
  const lines = new BatchLines({
    texts,
    medium,
    descriptions: descriptions.length,
    copies: flags.imagesPerDescription,
    taskIds: batch.task_ids,
  });
  const saved = await follow(session, batch.batch_id, { lines, flags });
  terminal.err(texts.say('cli.batch_closed', { medium }));
  const ended = await comfleet.batches.load(batch.batch_id, { signal: terminal.signal });
  const seconds = ((terminal.clock.monotonicMs() - startedAtMs) / 1000).toFixed(2);
  terminal.err(texts.say('cli.batch_total', { medium, seconds }));
  return summarise(context, ended, saved);
}

async function readDescriptions({ terminal }: CommandContext, flags: BatchFlags): Promise<string[]> {
  const listed = flags.description ?? [];
  const path = flags.file === undefined ? null : resolve(terminal.cwd, flags.file);
  const lines = path === null ? [] : (await readFile(path, 'utf8')).split(/\r?\n/).map((line) => line.trim());
  const descriptions = [...listed, ...lines.filter((line) => line !== '' && !line.startsWith('#'))];
  if (descriptions.length === 0)
    throw new UsageError('Give descriptions: --file FILE or --description TEXT.');
  return descriptions;
}

async function plan(
  session: Session,
  workflow: string,
  { flags, descriptions }: { flags: BatchFlags; descriptions: string[] },
): Promise<{ medium: Medium; body: BatchBody }> {
  if (workflow.endsWith('.json')) throw new UsageError('A batch of descriptions needs a named workflow.');
  const body = await buildBody(session, workflow, flags);
  const { comfleet, context } = session;
  const { task_type: type } = await findWorkflow(comfleet, workflow, context.terminal.signal);
  return {
    medium: type.includes('video') ? 'video' : 'image',
    body: {
      ...body,
      descriptions,
      images_per_description: flags.imagesPerDescription,
      ...(flags.fixedSeed === true ? { fixed_seed: true } : {}),
    },
  };
}

/** Shows the batch to its end; saves the files of each item as soon as it is done. Gives the paths. */
async function follow(
  session: Session,
  batchId: string,
  { lines, flags }: { lines: BatchLines; flags: BatchFlags },
): Promise<string[]> {
  const { comfleet } = session;
  const { terminal } = session.context;
  const saved: string[] = [];
  const ended = new Set<string>();
  for await (const frame of comfleet.batches.watch(batchId, { signal: terminal.signal })) {
    for (const line of lines.take(frame, terminal.clock.monotonicMs())) terminal.err(line);
    const taskId = findEnded(frame);
    if (taskId === null || ended.has(taskId)) continue;
    ended.add(taskId);
    saved.push(...(await finishItem(session, { taskId, batchId, flags })));
  }
  return saved;
}

function findEnded(frame: StreamFrame): string | null {
  const change = frame.kind === 'snapshot' ? frame.task : frame.kind === 'event' ? frame.event : null;
  return change !== null && isTerminal(change.status) ? change.task_id : null;
}

/** Saves the files of an item that ended well; after the first failure cancels the rest unless told to keep going. */
async function finishItem(
  { comfleet, context: { terminal, texts } }: Session,
  { taskId, batchId, flags }: { taskId: string; batchId: string; flags: BatchFlags },
): Promise<string[]> {
  const { signal } = terminal;
  const task = await comfleet.tasks.load(taskId, { signal });
  if (task.status !== 'succeeded') {
    if (!flags.keepGoing && task.status !== 'canceled') await comfleet.batches.cancel(batchId, { signal });
    return [];
  }
  if (flags.out === undefined) return [];
  const paths = await saveResults(comfleet, task, { folder: resolve(terminal.cwd, flags.out), signal });
  for (const path of paths) terminal.err(texts.say('cli.saved', { path }));
  return paths;
}

function summarise(context: CommandContext, batch: BatchDetail, saved: readonly string[]): number {
  const { counts } = batch;
  const failed = counts.failed + counts.expired;
  const summary = { succeeded: counts.succeeded, failed, canceled: counts.canceled };
  const misses = batch.tasks.filter((task) => task.status === 'failed' || task.status === 'expired');
  context.show({ ...batch, saved }, () => [
    context.texts.say('cli.batch_summary', summary),
    ...misses.map((task: Task) => `${task.task_id}  ${describeError(task, context.texts)}`),
    ...saved,
  ]);
  if (failed > 0) return EXIT.failed;
  return counts.canceled > 0 ? EXIT.timedOut : EXIT.ok;
}
