import { describe, expect, it } from 'vitest';
import { readObjectInfo } from '../../test/templates/template-data.ts';
import type { Graph } from './graph.ts';
import { parseNodeReplacements, replaceNodes } from './node-replacements.ts';
import { validateGraph } from './validate-graph.ts';

const objectInfo = readObjectInfo();
/** A part of what GET /node_replacements of a real 0.33.0 returns, and one that renumbers outputs. */
const replacements = parseNodeReplacements({
  Load3DAnimation: [
    { new_node_id: 'Load3D', old_node_id: 'Load3DAnimation', input_mapping: null, output_mapping: null },
  ],
  OldBatch: [
    {
      new_node_id: 'BatchImagesNode',
      old_node_id: 'OldBatch',
      input_mapping: [
        { new_id: 'images.image0', old_id: 'image1' },
        { new_id: 'images.image1', old_id: 'image2' },
      ],
      output_mapping: [{ old_idx: 1, new_idx: 0 }],
    },
  ],
  OldToNowhere: [{ new_node_id: 'AlsoGone' }],
  NoList: { new_node_id: 'SaveImage' },
});

function graphOf(classType: string, inputs: Record<string, unknown>, slot: number): Graph {
  return {
    '1': { class_type: 'EmptyImage', inputs: { width: 64, height: 64, batch_size: 1, color: 0 } },
    '2': { class_type: classType, inputs },
    '3': { class_type: 'PreviewImage', inputs: { images: ['2', slot] } },
  };
}

describe('replacing classes that are gone, as ComfyUI does', () => {
  it('maps inputs and outputs and leaves the given graph alone', () => {
    const graph = graphOf('OldBatch', { image1: ['1', 0], image2: ['1', 0] }, 1);
    const before = structuredClone(graph);
    const replaced = replaceNodes(graph, objectInfo, replacements);
    expect(replaced.missing).toEqual([]);
    expect(replaced.graph['2']).toEqual({
      class_type: 'BatchImagesNode',
      inputs: { 'images.image0': ['1', 0], 'images.image1': ['1', 0] },
    });
    expect(replaced.graph['3']?.inputs['images']).toEqual(['2', 0]);
    expect(graph).toEqual(before);
  });

  it('a replaced class is no missing one', () => {
    const graph = graphOf('OldBatch', { image1: ['1', 0], image2: ['1', 0] }, 1);
    expect(validateGraph(graph, objectInfo, { replacements })).toMatchObject({
      refused: false,
      problems: [],
    });
    expect(validateGraph(graph, objectInfo)).toMatchObject({ refused: true });
  });

  it('an old input that the replacement reads and the graph lacks fails the whole POST', () => {
    const verdict = validateGraph(graphOf('OldBatch', { image1: ['1', 0] }, 1), objectInfo, { replacements });
    expect(verdict).toMatchObject({ refused: true });
    expect(verdict.problems[0]).toMatchObject({ nodeId: '2', inputName: 'image2', effect: 'refuses_graph' });
  });

  it('a replacement without a mapping drops all inputs', () => {
    const { graph } = replaceNodes(graphOf('Load3DAnimation', { width: 5 }, 0), objectInfo, replacements);
    expect(graph['2']).toEqual({ class_type: 'Load3D', inputs: {} });
  });

  it.each(['OldToNowhere', 'NoList', 'Unheard'])('%s is not replaced: nothing stands for it', (classType) => {
    const graph = graphOf(classType, {}, 0);
    expect(replaceNodes(graph, objectInfo, replacements).graph).toBe(graph);
  });
});
