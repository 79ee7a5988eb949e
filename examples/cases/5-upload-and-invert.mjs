// Uploads a picture and downloads its negative. Needs no model.
import { runTask } from '../parts/run-task.mjs';
import { loadPicture } from '../parts/sample-picture.mjs';

/** @param {import('../parts/example.mjs').Example} example */
export async function run(example) {
  const { name, bytes } = await loadPicture(example.args[0]);
  const upload = await example.comfleet.uploads.create(bytes, name, { signal: example.signal });
  await runTask(example, { workflow_name: 'invert_image', parameters: { image: upload.upload_id } });
}
