// Turns a picture into a video or, if no worker has a video model, into an animated WebP.
import { runTask } from '../parts/run-task.mjs';
import { loadPicture } from '../parts/sample-picture.mjs';

const VIDEO = 'image_to_video_basic';

/** @param {import('../parts/example.mjs').Example} example */
export async function run(example) {
  const { comfleet, text, print, args, signal } = example;
  const { name, bytes } = await loadPicture(args[0]);
  const upload = await comfleet.uploads.create(bytes, name, { signal });
  const workflow = await comfleet.workflows.load(VIDEO, { signal });
  if (workflow.available) {
    const parameters = { image: upload.upload_id, duration: 1, fps: 8, width: 512, height: 512, steps: 8 };
    await runTask(example, { workflow_name: VIDEO, parameters });
    return;
  }
  print(text.noVideoModel);
  await runTask(example, { graph: createBlinkingGraph(upload.upload_id), name: 'blinking' });
}

/**
 * The picture and its negative in turn, twice a second, in ComfyUI's API format, with nodes that every ComfyUI has.
 * @param {string} image  an upload's id
 */
function createBlinkingGraph(image) {
  return {
    1: { class_type: 'LoadImage', inputs: { image } },
    2: { class_type: 'ImageInvert', inputs: { image: ['1', 0] } },
    3: { class_type: 'ImageBatch', inputs: { image1: ['1', 0], image2: ['2', 0] } },
    4: {
      class_type: 'SaveAnimatedWEBP',
      inputs: {
        images: ['3', 0],
        filename_prefix: 'blinking',
        fps: 2,
        lossless: true,
        quality: 80,
        method: 'default',
      },
    },
  };
}
