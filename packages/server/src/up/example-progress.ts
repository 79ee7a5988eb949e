import type { Progress } from '@comfleet/contract';
import type { SayStart } from './say-start.ts';

/**
 * Returns a function that gives the line for a progress of the first example: one for each node and each step. It gives null where
 * nothing is new, since ComfyUI reports a step in two messages, and where no node runs, as at the end.
 */
export function createDescribeProgress(say: SayStart): (progress: Progress) => string | null {
  let last = '';
  return ({ value, current_node: id, current_node_class: node, step, steps }) => {
    if (node === null) return null;
    const where = steps !== null && steps > 1 ? `${node} (${step ?? 0}/${steps})` : node;
    const seen = `${id} ${where}`;
    if (seen === last) return null;
    last = seen;
    return say('start.progress', { percent: (value * 100).toFixed(1), node: where });
  };
}
