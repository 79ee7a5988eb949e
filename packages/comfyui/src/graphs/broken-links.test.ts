import { describe, expect, it } from 'vitest';
import type { Graph } from './graph.ts';
import type { ObjectInfo } from './object-info.ts';
import { validateGraph } from './validate-graph.ts';

const objectInfo: ObjectInfo = {
  EmptyImage: { input: { required: {} }, output: ['IMAGE'], output_node: false, python_module: 'nodes' },
  ImageInvert: {
    input: { required: { image: ['IMAGE', {}] } },
    output: ['IMAGE'],
    output_node: false,
    python_module: 'nodes',
  },
  PreviewImage: {
    input: { required: { images: ['IMAGE', {}] } },
    output: [],
    output_node: true,
    python_module: 'nodes',
  },
};

/** `3` inverts the image of `1`, output `2` shows the image itself, output `4` the inverted one. */
function graphWith(inputs: Record<string, unknown>, shown: unknown = ['3', 0]): Graph {
  return {
    '1': { class_type: 'EmptyImage', inputs: {} },
    '2': { class_type: 'PreviewImage', inputs: { images: ['1', 0] } },
    '3': { class_type: 'ImageInvert', inputs },
    '4': { class_type: 'PreviewImage', inputs: { images: shown } },
  };
}

describe('a link to a node that is not there', () => {
  it('takes out the outputs that depend on it where its input is declared', () => {
    const verdict = validateGraph(graphWith({ image: ['99', 0] }), objectInfo);
    expect(verdict).toMatchObject({
      refused: false,
      outputs: ['2'],
      removed: [{ nodeId: '4', causes: ['3'] }],
    });
    expect(verdict.problems).toMatchObject([{ nodeId: '3', inputName: 'image', effect: 'removes_outputs' }]);
  });

  it('kills the worker where its input is not declared and the node runs, so that the graph is refused', () => {
    const verdict = validateGraph(graphWith({ image: ['1', 0], more: ['99', 0] }), objectInfo);
    expect(verdict).toMatchObject({ refused: true, outputs: [] });
    expect(verdict.problems).toMatchObject([{ nodeId: '3', inputName: 'more', effect: 'kills_worker' }]);
  });

  it('kills the worker too when only an undeclared link leads to its node', () => {
    const graph = graphWith({ image: ['99', 0] }, ['1', 0]);
    graph['5'] = { class_type: 'PreviewImage', inputs: { images: ['1', 0], more: ['3', 0] } };
    expect(validateGraph(graph, objectInfo).problems).toMatchObject([
      { nodeId: '3', effect: 'kills_worker' },
    ]);
  });

  it('does no harm on a node that does not run', () => {
    const idle = graphWith({ image: ['99', 0], more: ['98', 0] }, ['1', 0]);
    expect(validateGraph(idle, objectInfo)).toMatchObject({
      refused: false,
      outputs: ['2', '4'],
      problems: [],
    });
    const besideAFault = graphWith({ image: ['1', 0], more: ['99', 0] }, ['3', 7]);
    expect(validateGraph(besideAFault, objectInfo)).toMatchObject({ refused: false, outputs: ['2'] });
  });
});
