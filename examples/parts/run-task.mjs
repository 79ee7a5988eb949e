import { secondsSince } from './example.mjs';
import { saveResults } from './save-results.mjs';
/** @import { Example, Frame } from './example.mjs' */
/** @import { SubmitBody } from '@comfleet/sdk' */

/**
 * Runs one task to its end, prints its progress, and saves its files.
 * @param {Example} example
 * @param {SubmitBody} body
 */
export async function runTask(example, body) {
  const { comfleet, text, print, signal } = example;
  const startedMs = performance.now();
  const task = await comfleet.tasks.run(body, { signal, onFrame: createProgressLines(example) });
  print(text.done(secondsSince(startedMs)));
  await saveResults(example, task);
  return task;
}

/**
 * A listener for frames: prints the prompt's id once, then each step of its progress once.
 * @param {Pick<Example, 'text' | 'print'>} example
 */
export function createProgressLines({ text, print }) {
  /** @type {string | null} */
  let promptId = null;
  let last = '';
  return (/** @type {Frame} */ frame) => {
    const now = readPromptId(frame);
    if (now !== null && now !== promptId) print(text.submitted(now));
    promptId = now ?? promptId;
    if (frame.kind !== 'progress' || promptId === null) return;
    const { value, current_node_class: node, step, steps } = frame.progress;
    const place = step === null || steps === null || steps < 2 ? '' : ` (${step}/${steps})`;
    const line = text.progress((100 * value).toFixed(1), `${node ?? ''}${place}`).trimEnd();
    if (line !== last) print(line);
    last = line;
  };
}

/** @param {Frame} frame */
function readPromptId(frame) {
  if (frame.kind === 'snapshot' && frame.task.status === 'running') return frame.task.prompt_id;
  return frame.kind === 'event' && frame.event.type === 'attempt.submitted' ? frame.event.prompt_id : null;
}
