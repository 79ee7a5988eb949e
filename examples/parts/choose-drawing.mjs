/** @import { Example } from './example.mjs' */
/** @import { BatchBody } from '@comfleet/sdk' */

/**
 * Chooses how to draw descriptions: with a Stable Diffusion workflow if a worker has a checkpoint for it, else as pictures of
 * one colour, which every ComfyUI can create.
 * @param {Example} example
 * @param {{ descriptions: readonly string[], copies: number }} options
 * @returns {Promise<BatchBody>}
 */
export async function chooseDrawing({ comfleet, text, print }, { descriptions, copies }) {
  const workflow = await findDrawingWorkflow(comfleet);
  if (workflow !== null) {
    const parameters = { width: 512, height: 512, steps: 8 };
    return {
      workflow_name: workflow,
      parameters,
      descriptions: [...descriptions],
      images_per_description: copies,
    };
  }
  print(text.noModel);
  const tasks = descriptions.flatMap((description) =>
    Array.from({ length: copies }, (_, copy) => ({
      parameters: { color: pickColor(`${description} ${copy}`) },
    })),
  );
  return { workflow_name: 'solid_color', parameters: { width: 256, height: 256 }, tasks };
}

/**
 * Finds a workflow that can draw text now; null if no worker has a checkpoint.
 * @param {Example['comfleet']} comfleet
 */
export async function findDrawingWorkflow(comfleet) {
  const workflows = await comfleet.workflows.list();
  return (
    ['sd_basic', 'sdxl_basic'].find((name) => workflows.some((one) => one.name === name && one.available)) ??
    null
  );
}

/**
 * Equal texts give equal colours.
 * @param {string} text
 */
function pickColor(text) {
  let hash = 0x811c9dc5;
  for (const character of text) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return hash & 0xffffff;
}
