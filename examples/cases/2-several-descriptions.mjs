// Three descriptions, two images each. Every item gets its own seed; `fixed_seed: true` gives all the same one.
import { chooseDrawing } from '../parts/choose-drawing.mjs';
import { runBatch } from '../parts/run-batch.mjs';

const DESCRIPTIONS = [
  'a lighthouse at dawn, waves against the rocks',
  'a street market at night, lanterns, light rain',
  'a mountain lake in autumn, mist over the water',
];
const IMAGES = 2;

/** @param {import('../parts/example.mjs').Example} example */
export async function run(example) {
  const batch = await chooseDrawing(example, { descriptions: DESCRIPTIONS, copies: IMAGES });
  await runBatch(
    example,
    { ...batch, name: 'three places' },
    { descriptions: DESCRIPTIONS.length, copies: IMAGES },
  );
}
