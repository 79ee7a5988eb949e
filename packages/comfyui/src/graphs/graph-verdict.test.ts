import { describe, expect, it } from 'vitest';
import { readObjectInfo } from '../../test/templates/template-data.ts';
import { parseLosslessJson } from '../json/lossless-json.ts';
import { type Graph, parseGraph } from './graph.ts';
import type { GraphVerdict } from './graph-verdict.ts';
import type { ObjectInfo } from './object-info.ts';
import { type ValidateOptions, validateGraph } from './validate-graph.ts';

/** A custom pack next to the classes of a real 0.33.0. */
const objectInfo: ObjectInfo = {
  ...readObjectInfo(),
  PackLoader: {
    python_module: 'custom_nodes.pack',
    input: { required: { style: [['pick one'], {}], n: ['INT', { min: 1, max: 4 }] } },
    output: ['IMAGE'],
    output_node: true,
  },
  PackSink: {
    python_module: 'custom_nodes.pack',
    input: { required: { images: ['IMAGE', {}] } },
    output: [],
    output_node: true,
  },
};

const PICTURE = '"1":{"class_type":"EmptyImage","inputs":{"width":64,"height":64,"batch_size":1,"color":0}}';
const SAVE = '"9":{"class_type":"SaveImage","inputs":{"filename_prefix":"x","images":["1",0]}}';

function graphOf(...nodes: string[]): Graph {
  const parsed = parseGraph(parseLosslessJson(`{${nodes.join(',')}}`));
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.graph;
}

function validate(nodes: string[], options: ValidateOptions = { version: '0.33.0' }): GraphVerdict {
  return validateGraph(graphOf(...nodes), objectInfo, options);
}

function tell({ problems }: GraphVerdict): string[] {
  return problems.map((p) => `${p.certainty} ${p.effect} ${p.nodeId}.${p.inputName} ${p.type}`);
}

describe('what stands of a graph', () => {
  it('an output with a certain problem is taken out, and the others run', () => {
    const verdict = validate([
      PICTURE,
      SAVE,
      '"2":{"class_type":"ImageInvert","inputs":{}}',
      '"8":{"class_type":"PreviewImage","inputs":{"images":["2",0]}}',
    ]);
    expect(verdict).toMatchObject({
      refused: false,
      outputs: ['9'],
      removed: [{ nodeId: '8', causes: ['2'] }],
      certainCount: 1,
    });
    expect(tell(verdict)).toEqual(['certain removes_outputs 2.image required_input_missing']);
  });

  it('with no output left the graph is refused, and so it is with a class that the server lacks', () => {
    const broken = validate([PICTURE, '"9":{"class_type":"SaveImage","inputs":{"images":["1",0]}}']);
    expect(broken).toMatchObject({ refused: true, outputs: [], removed: [{ nodeId: '9', causes: ['9'] }] });
    const unknown = validate([PICTURE, SAVE, '"5":{"class_type":"Gone","inputs":{}}']);
    expect(unknown).toMatchObject({ refused: true, outputs: [] });
    expect(tell(unknown)).toEqual(['certain refuses_graph 5.null missing_node_type']);
  });

  it('a leftover node that feeds no output may name what it likes', () => {
    const leftover =
      '"5":{"class_type":"CheckpointLoaderSimple","inputs":{"ckpt_name":"not-here.safetensors"}}';
    expect(validate([PICTURE, SAVE, leftover])).toMatchObject({
      refused: false,
      problems: [],
      outputs: ['9'],
    });
  });

  it('a million problems are counted, and the first of them listed', () => {
    const many = Array.from(
      { length: 300 },
      (_, index) => `"n${index}":{"class_type":"SaveImage","inputs":{}}`,
    );
    const verdict = validate([PICTURE, SAVE, ...many], { maxProblems: 5 });
    expect(verdict).toMatchObject({ refused: false, certainCount: 600, outputs: ['9'] });
    expect(verdict.problems).toHaveLength(5);
    expect(verdict.removed).toHaveLength(300);
  });
});

describe('what only the worker knows', () => {
  it.each([
    ['a choice', '"style":"anything","n":2', 'style value_not_in_list'],
    ['a range', '"style":"pick one","n":9', 'n value_bigger_than_max'],
    ['a number', '"style":"pick one","n":"many"', 'n invalid_input_type'],
  ])('%s of a custom class is doubtful: its own check may take it', (_what, inputs, expected) => {
    const verdict = validate([`"1":{"class_type":"PackLoader","inputs":{${inputs}}}`]);
    expect(tell(verdict)).toEqual([`doubtful removes_outputs 1.${expected}`]);
    expect(verdict).toMatchObject({ refused: false, outputs: ['1'], removed: [] });
  });

  it('so is the type of a link from or to a custom class, and what lies behind it is still checked', () => {
    const verdict = validate([
      '"1":{"class_type":"EmptyLatentImage","inputs":{"width":64,"height":64}}',
      '"9":{"class_type":"PackSink","inputs":{"images":["1",0]}}',
    ]);
    expect(tell(verdict)).toEqual([
      'certain removes_outputs 1.batch_size required_input_missing',
      'doubtful removes_outputs 9.images return_type_mismatch',
    ]);
  });

  it('a missing input of a custom class is certain: ComfyUI asks for it itself', () => {
    const verdict = validate(['"1":{"class_type":"PackLoader","inputs":{"n":2}}']);
    expect(tell(verdict)).toEqual(['certain removes_outputs 1.style required_input_missing']);
  });

  it('core classes that check an input themselves are not second-guessed', () => {
    const verdict = validate([
      '"1":{"class_type":"CustomCombo","inputs":{"choice":"mine","index":3}}',
      '"9":{"class_type":"PreviewAny","inputs":{"source":["1",0]}}',
    ]);
    expect(verdict).toMatchObject({ refused: false, problems: [] });
  });

  it.each([
    ['0.33.0', ['certain removes_outputs 1.scale_method value_not_in_list']],
    ['0.8.0', ['certain removes_outputs 1.scale_method value_not_in_list']],
    ['0.3.64', []],
    [null, ['doubtful removes_outputs 1.scale_method value_not_in_list']],
  ])('a choice of a V3 combo is checked by the version %s', (version, expected) => {
    const resize = `"1":{"class_type":"ResizeImageMaskNode","inputs":{"input":["0",0],"scale_method":"nope",
      "resize_type":"scale by multiplier","resize_type.multiplier":0.5}}`;
    const picture = PICTURE.replace('"1"', '"0"');
    expect(tell(validate([picture, resize, SAVE], { version }))).toEqual(expected);
  });

  it('a value that we replace is not looked at', () => {
    const nodes = ['"1":{"class_type":"PackLoader","inputs":{"style":"comfleet:upload","n":2}}'];
    const isSupplied = (nodeId: string, inputName: string): boolean => `${nodeId}.${inputName}` === '1.style';
    expect(validate(nodes, { isSupplied }).problems).toEqual([]);
  });
});

describe('what would kill the worker', () => {
  it.each([
    [
      'undeclared',
      '"8":{"class_type":"PreviewImage","inputs":{"images":["1",0],"more":["77",true]}}',
      'more',
    ],
    [
      'dotted',
      '"8":{"class_type":"PreviewAny","inputs":{"source":["1",0],"images.image50":["77",0]}}',
      'images.image50',
    ],
    [
      'behind what only fails at run time',
      '"8":{"class_type":"PreviewAny","inputs":{"source":["7",0],"x":["77",0]}},"7":{"class_type":"ResizeImageMaskNode","inputs":{"input":["1",0],"scale_method":"area"}}',
      'x',
    ],
  ])('a link to an absent node, %s, refuses the whole graph', (_what, node, input) => {
    const verdict = validate([PICTURE, SAVE, node]);
    expect(verdict).toMatchObject({ refused: true, outputs: [] });
    expect(tell(verdict)).toContain(`certain kills_worker 8.${input} exception_during_validation`);
  });

  it('a list that no scheduler takes for a link is left alone where it is not declared', () => {
    const odd =
      '"8":{"class_type":"PreviewImage","inputs":{"images":["1",0],"a":["x","y"],"b":[5,0],"c":["1"]}}';
    expect(validate([PICTURE, odd])).toMatchObject({ refused: false, problems: [] });
  });
});

describe('links', () => {
  it.each([
    ['-1', null],
    ['true', 'exception_during_validation'],
    ['false', null],
    ['1', 'exception_during_validation'],
    ['-2', 'exception_during_validation'],
    ['0.0', 'exception_during_validation'],
    ['"0"', 'exception_during_validation'],
    ['null', 'exception_during_validation'],
  ])('output %s of a node with one output: %s', (slot, expected) => {
    const save = `"9":{"class_type":"SaveImage","inputs":{"filename_prefix":"x","images":["1",${slot}]}}`;
    expect(validate([PICTURE, save]).problems.map(({ type }) => type)).toEqual(
      expected === null ? [] : [expected],
    );
  });

  it('match types and "*" pass either way, a list of choices passes into COMBO', () => {
    const verdict = validate([
      PICTURE,
      '"2":{"class_type":"ResizeImageMaskNode","inputs":{"input":["1",0],"scale_method":"area","resize_type":"scale by multiplier","resize_type.multiplier":0.5}}',
      '"9":{"class_type":"SaveImage","inputs":{"filename_prefix":"x","images":["2",0]}}',
    ]);
    expect(verdict.problems).toEqual([]);
  });

  it('every cycle takes out what depends on it, long ones told in short', () => {
    const ring = Array.from(
      { length: 5000 },
      (_, index) =>
        `"r${index}":{"class_type":"ImageInvert","inputs":{"image":["r${(index + 1) % 5000}",0]}}`,
    );
    const verdict = validate([
      PICTURE,
      SAVE,
      ...ring,
      '"8":{"class_type":"PreviewImage","inputs":{"images":["r7",0]}}',
    ]);
    expect(verdict).toMatchObject({ refused: false, outputs: ['9'], certainCount: 1 });
    expect(verdict.removed.map(({ nodeId }) => nodeId)).toEqual(['8']);
    expect(verdict.problems[0]?.message.length).toBeLessThan(300);
  });
});
