import { describe, expect, it } from 'vitest';
import type { Graph } from './graph.ts';
import { applyUpdates, selectNode } from './select-nodes.ts';

const graph: Graph = {
  '3': { class_type: 'KSampler', inputs: { seed: 1, positive: ['10', 0], negative: ['7', 0] } },
  '6': { class_type: 'CLIPTextEncode', inputs: { text: 'a cat' }, _meta: { title: 'Prompt' } },
  '7': { class_type: 'CLIPTextEncode', inputs: { text: 'blurry' } },
  '10': { class_type: 'ControlNetApplyAdvanced', inputs: { positive: ['6', 0], negative: ['7', 0] } },
};

describe('selecting graph nodes', () => {
  it.each([
    [{ nodeId: '3' }, '3'],
    [{ nodeId: '99' }, null],
    [{ nodeId: 'constructor' }, null],
    [{ classType: 'CLIPTextEncode' }, '6'],
    [{ classType: 'CLIPTextEncode', index: 1 }, '7'],
    [{ classType: 'CLIPTextEncode', index: 2 }, null],
    [{ title: 'Prompt' }, '6'],
    [{ title: 'None' }, null],
    [{ role: 'positive' as const }, '6'],
    [{ role: 'negative' as const }, '7'],
  ])('WF14 %j is %j', (selector, nodeId) => {
    expect(selectNode(graph, selector)).toBe(nodeId);
  });
});

describe('updating graph nodes', () => {
  it('WF7 the graph given stays as it is', () => {
    const before = structuredClone(graph);
    const { graph: updated } = applyUpdates(graph, { '6': { text: 'a dog' } });
    expect(graph).toEqual(before);
    expect(updated['6']?.inputs['text']).toBe('a dog');
  });

  it('WF6 missing nodes and inputs are problems', () => {
    const { problems } = applyUpdates(graph, [
      { nodeId: '99', inputs: { text: 'x' } },
      { nodeId: '6', inputs: { txt: 'x' } },
    ]);
    expect(problems.map((problem) => [problem.nodeId, problem.inputName, problem.type])).toEqual([
      [null, null, 'unknown_node'],
      ['6', 'txt', 'unknown_input'],
    ]);
  });
});
