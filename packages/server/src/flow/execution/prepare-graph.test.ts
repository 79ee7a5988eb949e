import { type Graph, parseLosslessJson, stringifyLosslessJson } from '@comfleet/comfyui';
import { describe, expect, test } from 'vitest';
import { named } from '../../../test/kit/named.ts';
import { createTag, prepareGraph, restoreName, withInputs } from './prepare-graph.ts';

const GRAPH: Graph = {
  '1': { class_type: 'EmptyImage', inputs: { width: 64, height: 64, batch_size: 1, color: 0 } },
  '2': { class_type: 'SaveImage', inputs: { images: ['1', 0], filename_prefix: 'boats/red' } },
  '3': { class_type: 'SaveImageWebsocket', inputs: { images: ['1', 0] } },
};

describe('preparing the graph of an attempt', () => {
  test('leaves the graph of the task as it was', () => {
    const before = structuredClone(GRAPH);

    prepareGraph(GRAPH, '~tag');

    expect(GRAPH).toEqual(before);
  });

  test('marks the names of files with the attempt, inside their folder', () => {
    expect(prepareGraph(GRAPH, '~0000000a').graph['2']?.inputs).toEqual({
      images: ['1', 0],
      filename_prefix: 'boats/red~0000000a',
    });
  });

  test('a prefix that comes out of another node is left alone', () => {
    const graph: Graph = { '2': { class_type: 'SaveImage', inputs: { filename_prefix: ['7', 0] } } };

    expect(prepareGraph(graph, '~tag').graph['2']?.inputs).toEqual({ filename_prefix: ['7', 0] });
  });

  test('a picture that only goes over the socket gets a hidden twin that is kept as a file', () => {
    const { graph, twins } = prepareGraph(GRAPH, '~tag');

    expect([...twins]).toEqual([['comfleet_twin_3', '3']]);
    expect(graph.comfleet_twin_3).toEqual({ class_type: 'PreviewImage', inputs: { images: ['1', 0] } });
    expect(Object.keys(graph)).toEqual(['1', '2', '3', 'comfleet_twin_3']);
  });

  test('twins take no id of a node, nor of each other', () => {
    const websocket = { class_type: 'SaveImageWebsocket', inputs: { images: ['1', 0] } };
    const mine = { class_type: 'PreviewImage', inputs: { images: ['9', 0] } };
    const graph: Graph = { comfleet_twin_3: mine, '3': websocket, '3_': websocket };
    const prepared = prepareGraph(graph, '~tag');

    expect(prepared.graph.comfleet_twin_3).toEqual(mine);
    expect([...prepared.twins]).toEqual([
      ['comfleet_twin_3_', '3'],
      ['comfleet_twin_3__', '3_'],
    ]);
    expect(Object.keys(prepared.graph)).toHaveLength(5);
  });

  test('a picture node that is not connected gets no twin', () => {
    const graph: Graph = { '3': { class_type: 'SaveImageWebsocket', inputs: {} } };

    expect(prepareGraph(graph, '~tag').twins.size).toBe(0);
  });
});

describe('the tag of an attempt', () => {
  test('is the end of its id and is removed from names again', () => {
    const tag = createTag(named('01890000-0000-7000-8000-0123456789ab'));

    expect(tag).toBe('~456789ab');
    expect(restoreName(`red${tag}_00001_.png`, tag)).toBe('red_00001_.png');
  });

  test.each([
    ['a cat... on a roof', 'a cat.~.~. on a roof~0000000a'],
    ['..', '.~.~0000000a'],
    ['1.5.x', '1.5.x~0000000a'],
    ['day..one/red..blue', 'day..one/red.~.blue~0000000a'],
  ])(
    'TD5 the prefix %s goes out without the two dots that /view refuses, and comes back as it was',
    (prefix, sent) => {
      const graph: Graph = { '2': { class_type: 'SaveImage', inputs: { filename_prefix: prefix } } };
      const [folderless = ''] = prefix.split('/').slice(-1);

      expect(prepareGraph(graph, '~0000000a').graph['2']?.inputs.filename_prefix).toBe(sent);
      const [name] = sent.split('/').slice(-1);
      expect(restoreName(`${name}_00001_.png`, '~0000000a')).toBe(`${folderless}_00001_.png`);
    },
  );

  test('a name without it stays', () => {
    expect(restoreName('red.~._00001_.png', '~456789ab')).toBe('red.~._00001_.png');
  });
});

describe('inputs that a worker named', () => {
  test('are set in a copy; nodes that do not exist are ignored', () => {
    const graph: Graph = { '1': { class_type: 'LoadImage', inputs: { image: 'asset', upload: 'image' } } };

    const changed = withInputs(graph, [
      { nodeId: '1', inputName: 'image', value: 'comfleet/ab.png' },
      { nodeId: '9', inputName: 'image', value: 'x' },
    ]);

    expect(changed).toEqual({
      '1': { class_type: 'LoadImage', inputs: { image: 'comfleet/ab.png', upload: 'image' } },
    });
    expect(graph['1']?.inputs.image).toBe('asset');
  });
});

describe('numbers of a graph', () => {
  test('WF23 a seed of 2^64 − 1 goes through preparation digit for digit', () => {
    const text = '{"1":{"class_type":"KSampler","inputs":{"seed":18446744073709551615}}}';

    const { graph } = prepareGraph(parseLosslessJson(text) as Graph, '~tag');

    expect(stringifyLosslessJson(graph)).toBe(text);
  });
});
