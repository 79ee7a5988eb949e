// One prompt per line; empty lines and lines that start with # are ignored.
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { chooseDrawing } from '../parts/choose-drawing.mjs';
import { runBatch } from '../parts/run-batch.mjs';

const SAMPLE = fileURLToPath(new URL('../prompts.txt', import.meta.url));

/** @param {import('../parts/example.mjs').Example} example */
export async function run(example) {
  const lines = (await readFile(example.args[0] ?? SAMPLE, 'utf8')).split(/\r?\n/).map((line) => line.trim());
  const descriptions = lines.filter((line) => line !== '' && !line.startsWith('#'));
  const batch = await chooseDrawing(example, { descriptions, copies: 1 });
  await runBatch(example, batch, { descriptions: descriptions.length, copies: 1 });
}
