/**
 * Work that takes almost no time on the worker: a small picture of a unique colour, so that no cache is used.
 * @param {number} number
 */
export function createGraph(number) {
  return {
    1: {
      class_type: 'EmptyImage',
      inputs: { width: 64, height: 64, batch_size: 1, color: (number * 7919) % 16_777_216 },
    },
    2: { class_type: 'SaveImage', inputs: { filename_prefix: 'bench', images: ['1', 0] } },
  };
}
