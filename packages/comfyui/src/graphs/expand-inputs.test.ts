import { describe, expect, it } from 'vitest';
import { readObjectInfo } from '../../test/templates/template-data.ts';
import type { Graph } from './graph.ts';
import { validateGraph } from './validate-graph.ts';

const objectInfo = readObjectInfo();
const PICTURE = { class_type: 'EmptyImage', inputs: { width: 64, height: 64, batch_size: 1, color: 0 } };

/** Problems of one node next to a picture "1" and a preview of it. */
function problemsOf(classType: string, inputs: Record<string, unknown>): string[] {
  const graph: Graph = {
    '1': PICTURE,
    '2': { class_type: classType, inputs },
    '3': { class_type: 'PreviewAny', inputs: { source: ['2', 0] } },
  };
  const { problems } = validateGraph(graph, objectInfo, { version: '0.33.0' });
  return problems.map((p) => `${p.certainty} ${p.effect} ${p.inputName} ${p.type}`);
}

describe('AUTOGROW', () => {
  it.each([
    ['its members stand for it', { 'images.image0': ['1', 0] }, []],
    ['holes are fine', { 'images.image0': ['1', 0], 'images.image7': ['1', 0] }, []],
    [
      'the first ones are required',
      { 'images.image1': ['1', 0] },
      ['certain removes_outputs images.image0 required_input_missing'],
    ],
    [
      'nested objects do not stand for dotted names',
      { images: { image0: ['1', 0] } },
      ['certain removes_outputs images.image0 required_input_missing'],
    ],
    [
      'a link beyond the list is handed to a node that takes no such name',
      { 'images.image0': ['1', 0], 'images.image50': ['1', 0] },
      ['certain fails_run images.image50 unknown_input'],
    ],
    ['a literal beyond the list is dropped', { 'images.image0': ['1', 0], 'images.image50': 5 }, []],
  ])('%s', (_what, inputs, expected) => {
    expect(problemsOf('BatchImagesNode', inputs)).toEqual(expected);
  });

  it('TD2 grows by names too, and links into its members are walked', () => {
    expect(problemsOf('StringFormat', { f_string: '{a}{z}', 'values.a': ['1', 0], 'values.z': 'x' })).toEqual(
      [],
    );
    const graph: Graph = {
      '1': { class_type: 'EmptyImage', inputs: {} },
      '2': { class_type: 'BatchImagesNode', inputs: { 'images.image0': ['1', 0] } },
      '3': { class_type: 'PreviewImage', inputs: { images: ['2', 0] } },
    };
    expect(validateGraph(graph, objectInfo).removed).toEqual([{ nodeId: '3', causes: ['1'] }]);
  });
});

describe('DYNAMICCOMBO', () => {
  const base = { input: ['1', 0], scale_method: 'area' };

  it.each([
    [
      'brings the inputs of its option',
      { resize_type: 'scale by multiplier', 'resize_type.multiplier': 0.5 },
      [],
    ],
    [
      'which are required',
      { resize_type: 'scale by multiplier' },
      ['certain removes_outputs resize_type.multiplier required_input_missing'],
    ],
    [
      'and have ranges',
      { resize_type: 'scale by multiplier', 'resize_type.multiplier': 99 },
      ['certain removes_outputs resize_type.multiplier value_bigger_than_max'],
    ],
    ['fails at run time without a selector', {}, ['certain fails_run resize_type required_input_missing']],
    ['and with an unknown one', { resize_type: 'nope' }, ['certain fails_run resize_type value_not_in_list']],
    [
      'which a wrapped one is, too',
      { resize_type: { __value__: 'scale by multiplier' } },
      ['certain fails_run resize_type value_not_in_list'],
    ],
  ])('%s', (_what, inputs, expected) => {
    expect(problemsOf('ResizeImageMaskNode', { ...base, ...inputs })).toEqual(expected);
  });

  it('inside another one it is the class that decides', () => {
    const video = { class_type: 'CreateVideo', inputs: { images: ['1', 0], fps: 8 } };
    const save = (inputs: Record<string, unknown>): string[] => {
      const graph: Graph = {
        '1': PICTURE,
        '2': video,
        '3': { class_type: 'SaveVideo', inputs: { video: ['2', 0], filename_prefix: 'v', ...inputs } },
      };
      return validateGraph(graph, objectInfo, { version: '0.33.0' }).problems.map(({ message }) => message);
    };
    expect(save({ format: 'auto', codec: 'auto' })).toEqual([]);
    expect(save({ format: 'mp4', 'format.codec': 'h264' })).toEqual([]);
  });
});

describe('dynamic inputs of a custom class', () => {
  it('TD2 are expanded, and what is wrong with them is doubtful', () => {
    const { images, ...rest } = { images: objectInfo['BatchImagesNode']?.input?.required?.['images'] };
    const pack = {
      Pack: {
        python_module: 'custom_nodes.pack',
        input: {
          required: { images, slot: ['COMFY_DYNAMICSLOT_V3', { inputs: { required: { n: ['INT', {}] } } }] },
        },
        output_node: true,
        ...rest,
      },
    };
    const validate = (inputs: Record<string, unknown>): string[] =>
      validateGraph({ '1': { class_type: 'Pack', inputs } }, pack).problems.map(
        (p) => `${p.certainty} ${p.inputName}`,
      );
    expect(validate({})).toEqual(['doubtful images.image0']);
    expect(validate({ 'images.image0': 1, slot: 5 })).toEqual(['doubtful slot.n']);
  });
});
