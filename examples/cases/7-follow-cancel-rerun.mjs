// Follow a task, cancel it on its way, run it once more with the same values and seed.
import { findDrawingWorkflow } from '../parts/choose-drawing.mjs';
import { createProgressLines } from '../parts/run-task.mjs';
import { saveResults } from '../parts/save-results.mjs';
import { secondsSince } from '../parts/example.mjs';
/** @import { Example } from '../parts/example.mjs' */

/** @param {Example} example */
export async function run(example) {
  const { comfleet, text, say, signal } = example;
  const first = await comfleet.tasks.submit(await chooseTask(example), { signal });
  await follow(example, first.task_id, { cancelOnStep: 2 });
  const second = await comfleet.tasks.retry(first.task_id, { signal });
  say(text.again);
  const startedMs = performance.now();
  const task = await follow(example, second.task_id, {});
  if (task.status !== 'succeeded') throw new Error(task.error?.message ?? task.message);
  say(text.done(secondsSince(startedMs)));
  await saveResults(example, task);
}

/** @param {Example} example @returns {Promise<import('@comfleet/sdk').SubmitBody>} */
async function chooseTask({ comfleet, text, say }) {
  const workflow = await findDrawingWorkflow(comfleet);
  if (workflow !== null)
    return { workflow_name: workflow, parameters: { prompt: 'a slow river', steps: 20 } };
  say(text.noModel);
  return { workflow_name: 'solid_color', parameters: { width: 2048, height: 2048, batch_size: 8 } };
}

/**
 * Shows a task until its end. With `cancelOnStep` it is canceled at that step, or as soon as it runs where nothing tells
 * steps; one that ended before the request keeps its end.
 * @param {Example} example
 * @param {string} taskId
 * @param {{ cancelOnStep?: number }} options
 */
async function follow(example, taskId, { cancelOnStep }) {
  const { comfleet, text, say, signal } = example;
  const showProgress = createProgressLines(example);
  let isCanceled = cancelOnStep === undefined;
  for await (const frame of comfleet.tasks.watch(taskId, { signal })) {
    showProgress(frame);
    if (isCanceled || !isFarEnough(frame, cancelOnStep ?? 0)) continue;
    isCanceled = true;
    say(text.canceling);
    await comfleet.tasks.cancel(taskId, { signal });
  }
  const task = await comfleet.tasks.load(taskId, { signal });
  if (cancelOnStep !== undefined) say(text.endedAs(task.status));
  return task;
}

/**
 * @param {import('../parts/example.mjs').Frame} frame
 * @param {number} step
 */
function isFarEnough(frame, step) {
  if (frame.kind !== 'progress') return false;
  return frame.progress.steps === null || (frame.progress.step ?? 0) >= step;
}
