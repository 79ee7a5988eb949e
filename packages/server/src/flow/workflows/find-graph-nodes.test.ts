import type { Graph } from '@comfleet/comfyui';
import { describe, expect, it } from 'vitest';
import { createBuiltInParameters } from './compile-parameter.ts';
import { selectNode } from './find-graph-nodes.ts';

const sampler = (positive: string, negative: string) => ({
  class_type: 'KSampler',
  inputs: { seed: 1, positive: [positive, 0], negative: [negative, 0] },
});
const text = (title: string) => ({ class_type: 'CLIPTextEncode', inputs: { text: title }, _meta: { title } });

/** Two samplers; the first one's prompt goes through a control net; both share the negative prompt. */
const GRAPH: Graph = {
  '1': sampler('5', '5'),
  '2': sampler('7', '4'),
  '3': text('positive'),
  '4': text('negative'),
  '5': { class_type: 'ControlNetApplyAdvanced', inputs: { positive: ['3', 0], negative: ['4', 0] } },
  '7': text('second'),
};

describe('select', () => {
  it.each([
    [{ class_type: 'CLIPTextEncode' }, '3'],
    [{ class_type: 'CLIPTextEncode', index: 2 }, '7'],
    [{ title: 'second' }, '7'],
    [{ role: 'positive' as const }, '3'],
    [{ role: 'negative' as const }, '4'],
    [{ role: 'positive' as const, index: 1 }, '7'],
  ])('WF14 %j finds node %s', (select, nodeId) => {
    expect(selectNode(GRAPH, select)).toEqual({ nodeId });
  });

  it('WF14 a select without a match says how many nodes there were', () => {
    expect(selectNode(GRAPH, { class_type: 'CLIPTextEncode', index: 3 })).toEqual({
      problem: {
        code: 'workflow.select_matches',
        params: { select: '{"class_type":"CLIPTextEncode","index":3}', count: 3 },
      },
    });
  });
});

describe('built-in parameters', () => {
  const summarise = (graph: Graph, excluded: string[]) =>
    createBuiltInParameters(graph, excluded).map(({ name, targets }) => [
      name,
      targets.map(({ nodeId, inputName }) => `${nodeId}.${inputName}`).join(' '),
    ]);

  it('WF15 prompt, negative prompt and seed of every sampler are found', () => {
    expect(summarise(GRAPH, [])).toEqual([
      ['prompt', '3.text 7.text'],
      ['negative_prompt', '4.text'],
      ['seed', '1.seed 2.seed'],
    ]);
  });

  it('WF15 an excluded sampler keeps its seed and prompts, shared ones too', () => {
    expect(summarise(GRAPH, ['2'])).toEqual([
      ['prompt', '3.text'],
      ['seed', '1.seed'],
    ]);
  });

  it('WF15 guiders, noise nodes and texts that come from another node are followed', () => {
    const graph: Graph = {
      '1': { class_type: 'SamplerCustomAdvanced', inputs: { noise: ['2', 0], guider: ['3', 0] } },
      '2': { class_type: 'RandomNoise', inputs: { noise_seed: 5 } },
      '3': { class_type: 'BasicGuider', inputs: { conditioning: ['4', 0] } },
      '4': { class_type: 'FluxGuidance', inputs: { conditioning: ['5', 0], guidance: 3.5 } },
      '5': { class_type: 'CLIPTextEncode', inputs: { text: ['6', 0] } },
      '6': { class_type: 'PrimitiveString', inputs: { value: 'a boat' } },
    };
    expect(summarise(graph, [])).toEqual([
      ['prompt', '6.value'],
      ['seed', '2.noise_seed'],
    ]);
    expect(summarise(graph, ['1'])).toEqual([]);
  });
});
