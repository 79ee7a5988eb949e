import { secondsSince } from './example.mjs';
import { saveResults } from './save-results.mjs';
/** @import { Example, Frame } from './example.mjs' */
/** @import { BatchBody } from '@comfleet/sdk' */

/**
 * Submits a batch, announces each item when it starts, saves its files when it ends. One stream for the whole batch: it opens
 * once and closes once. Throws after all have ended if an item failed.
 * @param {Example} example
 * @param {BatchBody} body
 * @param {{ descriptions: number, copies: number }} plan
 */
export async function runBatch(example, body, { descriptions, copies }) {
  const { comfleet, text, print, signal } = example;
  const startedMs = performance.now();
  const batch = await comfleet.batches.submit(body, { signal });
  const total = batch.task_ids.length;
  const announced = new Set();
  const ended = new Set();
  let failures = 0;

  print(text.connected);
  for await (const frame of comfleet.batches.watch(batch.batch_id, { signal })) {
    const { taskId, stage } = readFrame(frame);
    const item = batch.task_ids.indexOf(taskId) + 1;
    if (stage === 'waiting' || ended.has(taskId)) continue;
    if (!announced.has(taskId)) {
      announced.add(taskId);
      const [description, copy] = [Math.ceil(item / copies), ((item - 1) % copies) + 1];
      print(text.item({ item, total, description, descriptions, copy, copies }));
    }
    if (stage === 'running') continue;
    ended.add(taskId);
    if (!(await finishItem(example, taskId, { item, total }))) failures += 1;
  }
  print(text.closed);
  print(text.total(secondsSince(startedMs)));
  if (failures > 0) throw new Error(`${failures}/${total}`);
}

/**
 * The task of a frame, and its stage.
 * @param {Frame} frame
 * @returns {{ taskId: string, stage: 'waiting' | 'running' | 'ended' }}
 */
function readFrame(frame) {
  if (frame.kind === 'progress' || frame.kind === 'preview')
    return { taskId: frame.task_id, stage: 'running' };
  const { task_id: taskId, status } = frame.kind === 'snapshot' ? frame.task : frame.event;
  if (status === 'held' || status === 'queued') return { taskId, stage: 'waiting' };
  return { taskId, stage: status === 'running' ? 'running' : 'ended' };
}

/**
 * Reports how an item ended and saves its files; false if it failed.
 * @param {Example} example
 * @param {string} taskId
 * @param {{ item: number, total: number }} place
 */
async function finishItem(example, taskId, { item, total }) {
  const { comfleet, text, print, signal } = example;
  const task = await comfleet.tasks.load(taskId, { signal });
  if (task.status !== 'succeeded') {
    print(text.itemFailed(item, total, task.error?.message ?? task.message));
    return false;
  }
  print(text.itemDone(item, total, (task.duration_seconds ?? 0).toFixed(2)));
  await saveResults(example, task, `${item}-`);
  return true;
}
