import type { Progress } from '@comfleet/contract';
import { expect, it } from 'vitest';
import { createDescribeProgress } from './example-progress.ts';
import { createSayStart } from './say-start.ts';

function at(value: number, id: string | null, node: string | null, step: number | null): Progress {
  const steps = step === null ? null : 20;
  const counts = { nodes_done: 0, nodes_total: 7, nodes_cached: 0 };
  return { value, ...counts, current_node: id, current_node_class: node, step, steps, available: true };
}

it('gives each node and each step of the first example one line, and no line without a node', () => {
  const describeProgress = createDescribeProgress(createSayStart('en'));
  const frames = [
    at(0, '4', 'CheckpointLoaderSimple', null),
    at(0.038, '4', 'CheckpointLoaderSimple', null),
    at(0.077, '6', 'CLIPTextEncode', null),
    at(0.115, '7', 'CLIPTextEncode', null),
    at(0.192, '3', 'KSampler', 1),
    at(0.192, '3', 'KSampler', 1),
    at(0.231, '3', 'KSampler', 2),
    at(0.999, null, null, null),
    at(1, null, null, null),
  ];

  expect(frames.flatMap((progress) => describeProgress(progress) ?? [])).toEqual([
    '  0.0%  CheckpointLoaderSimple',
    '  7.7%  CLIPTextEncode',
    '  11.5%  CLIPTextEncode',
    '  19.2%  KSampler (1/20)',
    '  23.1%  KSampler (2/20)',
  ]);
});
