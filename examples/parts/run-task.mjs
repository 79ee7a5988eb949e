import { secondsSince } from './example.mjs';
import { saveResults } from './save-results.mjs';
/** @import { Example } from './example.mjs' */
/** @import { SubmitBody } from '@comfleet/sdk' */

/**
 * Runs one task to its end, with its progress in lines, and saves its files.
 * @param {Example} example
 * @param {SubmitBody} body
 */
export async function runTask(example, body) {
  const { comfleet, text, say, signal } = example;
  const startedMs = performance.now();
  const task = await comfleet.tasks.run(body, { signal, onFrame: createProgressLines(example) });
  say(text.done(secondsSince(startedMs)));
  await saveResults(example, task);
  return task;
}

/**
 * A listener for frames that says each step of progress once.
 * @param {Pick<Example, 'text' | 'say'>} example
 */
export function createProgressLines({ text, say }) {
  let last = '';
  return (/** @type {import('./example.mjs').Frame} */ frame) => {
    if (frame.kind === 'event' && frame.event.type === 'attempt.submitted') {
      say(text.submitted(frame.event.prompt_id ?? ''));
    }
    if (frame.kind !== 'progress') return;
    const { value, current_node_class: node, step, steps } = frame.progress;
    const place = step === null || steps === null ? '' : ` (${step}/${steps})`;
    const line = text.progress((100 * value).toFixed(1), `${node ?? ''}${place}`);
    if (line !== last) say(line);
    last = line;
  };
}
