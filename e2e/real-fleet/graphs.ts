import type { Graph } from '@comfleet/comfyui';
import { createRandom } from '../kill/plan.ts';

/** A picture of one colour, saved after a sleep. */
export function slowColour(color: number, seconds: number): Graph {
  return {
    '1': { class_type: 'EmptyImage', inputs: { width: 16, height: 16, batch_size: 1, color } },
    '2': { class_type: 'TestSleep', inputs: { value: ['1', 0], seconds } },
    '3': { class_type: 'SaveImage', inputs: { images: ['2', 0], filename_prefix: 'colour' } },
  };
}

/** Samples 64 × 64 pixels, with noise from the seed. */
export function sampling(checkpoint: string, seed: number, steps: number): Graph {
  const encode = (text: string) => ({ class_type: 'CLIPTextEncode', inputs: { text, clip: ['4', 1] } });
  return {
    '3': {
      class_type: 'KSampler',
      inputs: {
        ...{ seed, steps, cfg: 7, sampler_name: 'euler', scheduler: 'normal', denoise: 1 },
        ...{ model: ['4', 0], positive: ['6', 0], negative: ['7', 0], latent_image: ['5', 0] },
      },
    },
    '4': { class_type: 'CheckpointLoaderSimple', inputs: { ckpt_name: checkpoint } },
    '5': { class_type: 'EmptyLatentImage', inputs: { width: 64, height: 64, batch_size: 1 } },
    '6': encode('a glass bottle on a beach'),
    '7': encode('text'),
    '8': { class_type: 'VAEDecode', inputs: { samples: ['3', 0], vae: ['4', 2] } },
    '9': { class_type: 'SaveImage', inputs: { images: ['8', 0], filename_prefix: 'sampled' } },
  };
}

/** `each` tasks for every checkpoint, in an order that the seed decides. */
export function shuffledSampling(checkpoints: readonly string[], each: number, seed: number): Graph[] {
  const graphs = checkpoints.flatMap((checkpoint, group) =>
    Array.from({ length: each }, (_, index) => sampling(checkpoint, 1000 * group + index, 2)),
  );
  const random = createRandom(seed);
  return graphs
    .map((graph) => ({ graph, key: random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ graph }) => graph);
}
