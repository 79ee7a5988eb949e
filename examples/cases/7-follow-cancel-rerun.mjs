// Follows a task, cancels it while it runs, and runs it again with the same values and seed.
import { findDrawingWorkflow } from '../parts/choose-drawing.mjs';
import { secondsSince } from '../parts/example.mjs';
import { createProgressLines } from '../parts/run-task.mjs';
import { saveResults } from '../parts/save-results.mjs';
/** @import { Example } from '../parts/example.mjs' */

/** @param {Example} example */
export async function run(example) {
  const { comfleet, text, print, signal } = example;
  const { body, cancelOnStep } = await chooseTask(example);
  const first = await comfleet.tasks.submit(body, { signal });
  await follow(example, first.task_id, { cancelOnStep });
  const second = await comfleet.tasks.retry(first.task_id, { signal });
  print(text.again);
  const startedMs = performance.now();
  const task = await follow(example, second.task_id, {});
  if (task.status !== 'succeeded') throw new Error(task.error?.message ?? task.message);
  print(text.done(secondsSince(startedMs)));
  await saveResults(example, task);
}

/**
 * A task long enough to be canceled while it runs. Without a model there are no steps, so any progress will do.
 * @param {Example} example
 * @returns {Promise<{ body: import('@comfleet/sdk').SubmitBody, cancelOnStep: number }>}
 */
async function chooseTask({ comfleet, text, print }) {
  const workflow = await findDrawingWorkflow(comfleet);
  if (workflow !== null) {
    const parameters = { prompt: 'a slow river', steps: 20 };
    return { body: { workflow_name: workflow, parameters }, cancelOnStep: 2 };
  }
  print(text.noModel);
  const parameters = { width: 2048, height: 2048, batch_size: 8 };
  return { body: { workflow_name: 'solid_color', parameters }, cancelOnStep: 0 };
}

/**
 * Shows a task until its end; cancels it at step `cancelOnStep`, unless it has already ended.
 * @param {Example} example
 * @param {string} taskId
 * @param {{ cancelOnStep?: number }} options
 */
async function follow(example, taskId, { cancelOnStep }) {
  const { comfleet, text, print, signal } = example;
  const showProgress = createProgressLines(example);
  let isCanceled = cancelOnStep === undefined;
  for await (const frame of comfleet.tasks.watch(taskId, { signal })) {
    showProgress(frame);
    if (isCanceled || !isFarEnough(frame, cancelOnStep ?? 0)) continue;
    isCanceled = true;
    print(text.canceling);
    await comfleet.tasks.cancel(taskId, { signal });
  }
  const task = await comfleet.tasks.load(taskId, { signal });
  if (cancelOnStep !== undefined) print(text.endedAs(task.status));
  return task;
}

/**
 * @param {import('../parts/example.mjs').Frame} frame
 * @param {number} step
 */
function isFarEnough(frame, step) {
  if (frame.kind !== 'progress') return false;
  return (frame.progress.step ?? 0) >= step;
}
