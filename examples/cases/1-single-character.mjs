// One character, four images. One batch, one stream: the connection opens once and closes once.
import { chooseDrawing } from '../parts/choose-drawing.mjs';
import { runBatch } from '../parts/run-batch.mjs';

const DESCRIPTION = 'a girl with red hair and a green coat, standing in the rain, full body';
const IMAGES = 4;

/** @param {import('../parts/example.mjs').Example} example */
export async function run(example) {
  const batch = await chooseDrawing(example, { descriptions: [DESCRIPTION], copies: IMAGES });
  await runBatch(example, batch, { descriptions: 1, copies: IMAGES });
}
