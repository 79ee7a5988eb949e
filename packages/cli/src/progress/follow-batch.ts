import { resolve } from 'node:path';
import { type BatchDetail, isTerminal, type StreamFrame, type Task } from '@comfleet/contract';
import type { Session } from '../context.ts';
import { EXIT, UsageError } from '../exit-codes.ts';
import { findUnknownPlaceholder, USUAL_NAMES } from '../results/batch-files.ts';
import { BatchFolder } from '../results/batch-folder.ts';
import { BatchLines, type BatchPlan } from './batch-lines.ts';
import { describeError } from './task-lines.ts';

/** Where the files of a batch go. */
export interface BatchOutFlags {
  readonly out?: string;
  /** `{index} {seed} {prompt}` */
  readonly names?: string;
}

/** The folder that the flags ask for; null without `--out`. Throws UsageError for a pattern with unknown placeholders. */
export async function openBatchFolder(
  { context: { terminal } }: Session,
  batchId: string,
  { out, names = USUAL_NAMES }: BatchOutFlags,
): Promise<BatchFolder | null> {
  checkNames(names);
  return out === undefined ? null : BatchFolder.open(resolve(terminal.cwd, out), { batchId, names });
}

/** Throws UsageError for a pattern with a placeholder that is none. */
export function checkNames(names: string = USUAL_NAMES): void {
  const unknown = findUnknownPlaceholder(names);
  if (unknown !== null)
    throw new UsageError({
      code: 'usage.names',
      params: { index: '{index}', seed: '{seed}', prompt: '{prompt}', unknown },
    });
}

/**
 * Shows a batch to its end, saves the files of each item as soon as it is done, and writes the manifest; then sums up. When it is
 * left early it says how to go on. Gives the status to exit with.
 */
export async function followBatch(
  session: Session,
  plan: BatchPlan & { batchId: string; startedAtMs: number },
  flags: BatchOutFlags & { keepGoing: boolean },
): Promise<number> {
  const { comfleet, context } = session;
  const { terminal, texts } = context;
  const { batchId, medium } = plan;
  const folder = await openBatchFolder(session, batchId, flags);
  const started = await comfleet.batches.load(batchId, { signal: terminal.signal });
  terminal.err(texts.say('cli.batch_connected', { medium }));
  try {
    const saved = await follow(session, plan, { folder, keepGoing: flags.keepGoing });
    const ended = await comfleet.batches.load(batchId, { signal: terminal.signal });
    const manifest = await describeFolder(session, folder, ended);
    terminal.err(texts.say('cli.batch_closed', { medium }));
    const seconds = ((terminal.clock.monotonicMs() - plan.startedAtMs) / 1000).toFixed(2);
    terminal.err(texts.say('cli.batch_total', { medium, seconds }));
    return summariseBatch(session, ended, { saved, manifest });
  } catch (error) {
    await folder?.describe(await loadLast(session, started));
    if (terminal.signal.aborted) printHowToContinue(session, batchId, flags.out);
    throw error;
  }
}

const LAST_WORD_MS = 2_000;

/** The batch as it is now, without waiting for long; as it began where the server does not answer. */
async function loadLast({ comfleet }: Session, started: BatchDetail): Promise<BatchDetail> {
  try {
    return await comfleet.batches.load(started.batch_id, { timeoutMs: LAST_WORD_MS });
  } catch {
    return started; // what ends the command is thrown already
  }
}

function printHowToContinue({ context: { terminal, texts } }: Session, batch: string, folder?: string): void {
  const out = folder === undefined ? '' : ` --out ${/\s/.test(folder) ? JSON.stringify(folder) : folder}`;
  terminal.err(texts.say('cli.batch_goes_on', { batch }));
  terminal.err(texts.say('cli.batch_go_on', { batch, out }));
}

/** Writes the manifest and says where; undefined without a folder. */
export async function describeFolder(
  { context: { terminal, texts } }: Session,
  folder: BatchFolder | null,
  batch: BatchDetail,
): Promise<string | undefined> {
  const path = await folder?.describe(batch);
  if (path !== undefined) terminal.err(texts.say('cli.saved', { path }));
  return path;
}

async function follow(
  session: Session,
  plan: BatchPlan & { batchId: string },
  { folder, keepGoing }: { folder: BatchFolder | null; keepGoing: boolean },
): Promise<string[]> {
  const { comfleet, context } = session;
  const { terminal } = context;
  const { signal } = terminal;
  const lines = new BatchLines(plan);
  const saved: string[] = [];
  const ended = new Set<string>();
  for await (const frame of comfleet.batches.watch(plan.batchId, { signal })) {
    for (const line of lines.take(frame, terminal.clock.monotonicMs())) terminal.err(line);
    const taskId = findEnded(frame);
    if (taskId === null || ended.has(taskId)) continue;
    ended.add(taskId);
    const task = await comfleet.tasks.load(taskId, { signal });
    if (task.status === 'succeeded') saved.push(...(await saveItem(session, folder, { plan, task })));
    else if (!keepGoing && task.status !== 'canceled')
      await comfleet.batches.cancel(plan.batchId, { signal });
  }
  return saved;
}

async function saveItem(
  { comfleet, context: { terminal, texts } }: Session,
  folder: BatchFolder | null,
  { plan: { taskIds }, task }: { plan: BatchPlan; task: Task },
): Promise<string[]> {
  if (folder === null) return [];
  const item = taskIds.indexOf(task.task_id) + 1;
  const paths = await folder.save(comfleet, task, { item, total: taskIds.length, signal: terminal.signal });
  for (const path of paths) terminal.err(texts.say('cli.saved', { path }));
  return paths;
}

function findEnded(frame: StreamFrame): string | null {
  const change = frame.kind === 'snapshot' ? frame.task : frame.kind === 'event' ? frame.event : null;
  return change !== null && isTerminal(change.status) ? change.task_id : null;
}

/** What came of a batch, and the status to exit with. */
export function summariseBatch(
  { context }: Session,
  batch: BatchDetail,
  { saved, manifest }: { saved: readonly string[]; manifest: string | undefined },
): number {
  const { counts } = batch;
  const failed = counts.failed + counts.expired;
  const summary = { succeeded: counts.succeeded, failed, canceled: counts.canceled };
  const misses = batch.tasks.filter((task) => task.status === 'failed' || task.status === 'expired');
  context.show({ ...batch, saved, ...(manifest !== undefined && { manifest }) }, () => [
    context.texts.say('cli.batch_summary', summary),
    ...misses.map((task) => `${task.task_id}  ${describeError(task, context.texts)}`),
    ...saved,
  ]);
  if (failed > 0) return EXIT.failed;
  return counts.canceled > 0 ? EXIT.timedOut : EXIT.ok;
}
