/** A graph with the node ids of the v1 layout: 314 for the text, 135 for the size. */
export function documentedGraph() {
  return {
    '4': {
      class_type: 'CheckpointLoaderSimple',
      inputs: { ckpt_name: 'v1-5-pruned-emaonly-fp16.safetensors' },
    },
    '314': { class_type: 'CLIPTextEncode', inputs: { text: 'from the file', clip: ['4', 1] } },
    '135': { class_type: 'EmptyLatentImage', inputs: { width: 64, height: 64, batch_size: 1 } },
    '3': {
      class_type: 'KSampler',
      inputs: {
        seed: 5,
        steps: 1,
        cfg: 7,
        sampler_name: 'euler',
        scheduler: 'normal',
        denoise: 1,
        model: ['4', 0],
        positive: ['314', 0],
        negative: ['314', 0],
        latent_image: ['135', 0],
      },
    },
    '8': { class_type: 'VAEDecode', inputs: { samples: ['3', 0], vae: ['4', 2] } },
    '9': { class_type: 'SaveImage', inputs: { images: ['8', 0], filename_prefix: 'documented' } },
  };
}
