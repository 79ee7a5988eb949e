import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
/** @import { Example } from './example.mjs' */

/**
 * Downloads every file of a task that succeeded.
 * @param {Example} example
 * @param {{ task_id: string, results: readonly { index: number, name: string }[] }} task
 * @param {string} prefix  keeps the names of several tasks apart
 */
export async function saveResults({ comfleet, text, print, folder, signal }, task, prefix = '') {
  await mkdir(folder, { recursive: true });
  for (const { index, name } of task.results) {
    const file = await comfleet.tasks.download(task.task_id, { index, signal });
    const path = join(folder, `${prefix}${basename(name)}`);
    await writeFile(path, await file.bytes(), { flag: 'wx' });
    print(text.saved(path));
  }
}
