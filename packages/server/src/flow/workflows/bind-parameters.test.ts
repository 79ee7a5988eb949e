import { parseGraph, parseLosslessJson, stringifyLosslessJson } from '@comfleet/comfyui';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BindContext, type Bound, bindParameters } from './bind-parameters.ts';
import { compileWorkflow } from './compile-workflow.ts';
import type { WorkflowDefinition as WorkflowSource } from './task-types-schema.ts';
import type { WorkflowDefinition } from './workflow-definition.ts';

const GRAPH = `{
  "10": {"class_type": "KSampler", "inputs": {"seed": 9007199254740993, "steps": 20, "cfg": 8.0, "model": ["4", 0],
    "positive": ["6", 0], "sampler_name": "euler"}},
  "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "a.safetensors"}},
  "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 512, "height": 512, "batch_size": 1}},
  "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "from the graph", "clip": ["4", 1]}, "_meta": {"title": "P"}},
  "7": {"class_type": "SaveWEBM", "inputs": {"fps": 6, "frames": 24, "on": true, "images": ["5", 0]}},
  "8": {"class_type": "LoadImage", "inputs": {"image": "example.png"}}
}`;

const MAPPING: NonNullable<WorkflowSource['parameter_mapping']> = {
  prompt: { node_id: '6', input_name: 'text', default_value: '', data_type: 'string', max_length: 20 },
  width: {
    node_id: '5',
    input_name: 'width',
    default_value: 768,
    data_type: 'int',
    min: 64,
    max: 2048,
    multiple_of: 64,
  },
  steps: { node_id: '10', input_name: 'steps', data_type: 'int', min: 1, max: 100 },
  cfg: { node_id: '10', input_name: 'cfg', data_type: 'float', min: 1, max: 20 },
  sampler: { node_id: '10', input_name: 'sampler_name', data_type: 'string', options: ['euler', 'heun'] },
  seed: { node_id: '10', input_name: 'seed', default_value: -1, data_type: 'seed' },
  on: { node_id: '7', input_name: 'on', data_type: 'bool' },
  checkpoint: { node_id: '4', input_name: 'ckpt_name', data_type: 'string' },
  duration: { default_value: 3, data_type: 'float', min: 1, max: 60 },
  fps: { node_id: '7', input_name: 'fps', data_type: 'int', min: 1, max: 60 },
  frames: {
    node_id: '7',
    input_name: 'frames',
    data_type: 'int',
    min: 1,
    max: 3600,
    derive: { multiply: ['duration', 'fps'], round: true },
  },
  image: { node_id: '8', input_name: 'image', data_type: 'image' },
};

function compile(changes: Partial<WorkflowSource> = {}, graphText = GRAPH): WorkflowDefinition {
  const parsed = parseGraph(parseLosslessJson(graphText));
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const place = { name: 'w', taskType: 't', enabled: true, isDefault: true };
  const source = { workflow_file: 'w.json', parameter_mapping: MAPPING, ...changes };
  return { ...compileWorkflow(place, source, parsed.graph), versionId: 'v', graphHash: 'g' };
}

const context: BindContext = { drawSeed: () => '1125899906842624' };

function bind(values: Record<string, unknown>, more: Partial<BindContext> = {}): Bound {
  return bindParameters(compile(), values, { ...context, ...more });
}

function readInputs(bound: Bound, nodeId: string): string {
  return bound.ok ? stringifyLosslessJson(bound.graph[nodeId]?.inputs) : JSON.stringify(bound.problems);
}

function codes(bound: Bound): string[] {
  return bound.ok ? [] : bound.problems.map((problem) => `${problem.parameter} ${problem.code}`);
}

describe('which value wins', () => {
  it('WF3 a request wins over the default, the default over the graph, the graph is used without either', () => {
    expect(readInputs(bind({ width: 1024 }), '5')).toBe('{"width":1024,"height":512,"batch_size":1}');
    expect(readInputs(bind({}), '5')).toBe('{"width":768,"height":512,"batch_size":1}');
    expect(readInputs(bind({}), '4')).toBe('{"ckpt_name":"a.safetensors"}');
  });

  it('null in a request counts as no value', () => {
    expect(readInputs(bind({ width: null }), '5')).toBe('{"width":768,"height":512,"batch_size":1}');
  });

  it('a required parameter without a value is named, although it has a default', () => {
    const definition = compile({
      parameter_mapping: { prompt: { ...MAPPING.prompt, required: true } },
    });
    expect(codes(bindParameters(definition, {}, context))).toEqual(['prompt required']);
  });
});

describe('numbers and seeds', () => {
  it.each(['18446744073709551615', '9007199254740993', '0'])(
    'WF23 the seed %s reaches the graph unchanged',
    (seed) => {
      const bound = bind({ seed: (parseLosslessJson(`[${seed}]`) as unknown[])[0] });
      expect(readInputs(bound, '10')).toContain(`"seed":${seed},`);
      expect(bound.ok && bound.seed).toBe(seed);
      expect(bound.ok && bound.parameters.seed).toBe(seed);
      expect(readInputs(bind({ seed }), '10')).toContain(`"seed":${seed},`);
    },
  );

  it('WF23 1.0 stays 1.0 and 1 stays 1, also those that nobody touched', () => {
    expect(readInputs(bind(parseLosslessJson('{"cfg": 1.0}') as Record<string, unknown>), '10')).toContain(
      '"cfg":1.0,',
    );
    expect(readInputs(bind({ cfg: 1 }), '10')).toContain('"cfg":1,');
    expect(readInputs(bind({}), '10')).toContain('"cfg":8.0,');
  });

  it('WF23 a number that lost digits on its way is refused, not rounded', () => {
    expect(codes(bind({ seed: 2 ** 53 }))).toEqual(['seed inexact']);
  });

  it.each([{}, { seed: -1 }, { seed: '-1' }, { seed: null }])(
    'WF8 the seed is drawn once for %j',
    (values) => {
      let drawn = 0;
      const bound = bind(values, {
        drawSeed: () => {
          drawn += 1;
          return '42';
        },
      });
      expect(drawn).toBe(1);
      expect(bound.ok && bound.seed).toBe('42');
      expect(readInputs(bound, '10')).toContain('"seed":42,');
    },
  );

  it('a drawn seed is folded into the limits of its parameter', () => {
    const seed = { ...MAPPING.seed, max: 4294967295 };
    const bound = bindParameters(
      compile({ parameter_mapping: { seed } }),
      {},
      { drawSeed: () => '4294967297' },
    );
    expect(bound.ok && bound.seed).toBe('1');
  });

  it.each(['18446744073709551616', -2, 1.5, 'x'])('the seed %s is refused', (seed) => {
    expect(codes(bind({ seed }))).toHaveLength(1);
  });
});

describe('kinds and limits', () => {
  it('WF5 texts of numbers and booleans are read, numbers become text where text is required', () => {
    const bound = bind({ width: '1024', cfg: ' 7.5 ', on: 'false', prompt: 12 });
    expect(readInputs(bound, '5')).toContain('"width":1024');
    expect(readInputs(bound, '10')).toContain('"cfg":7.5');
    expect(readInputs(bound, '7')).toContain('"on":false');
    expect(readInputs(bound, '6')).toContain('"text":"12"');
  });

  it.each([
    [{ width: 'wide' }, 'width type'],
    [{ width: 64.5 }, 'width type'],
    [{ width: true }, 'width type'],
    [{ on: 'perhaps' }, 'on type'],
    [{ cfg: Number.NaN }, 'cfg type'],
    [{ cfg: 'Infinity' }, 'cfg type'],
    [{ cfg: '1e399' }, 'cfg type'],
    [{ image: 5 }, 'image type'],
    [{ image: '' }, 'image type'],
  ])('WF5 %j is refused as %s', (values, code) => {
    expect(codes(bind(values))).toEqual([code]);
  });

  it.each([
    [{ width: 0 }, 'width too_small'],
    [{ width: 4096 }, 'width too_large'],
    [{ width: 100 }, 'width not_multiple'],
    [{ steps: 101 }, 'steps too_large'],
    [{ cfg: 0.99 }, 'cfg too_small'],
    [{ cfg: 20.1 }, 'cfg too_large'],
    [{ duration: 61 }, 'duration too_large'],
    [{ fps: 61 }, 'fps too_large'],
    [{ prompt: 'x'.repeat(21) }, 'prompt too_long'],
    [{ sampler: 'lcm' }, 'sampler not_an_option'],
    [{ checkpoint: 'x'.repeat(10_001) }, 'checkpoint too_long'],
    [{ checkpoint: 'a\0b' }, 'checkpoint forbidden_text'],
    [{ checkpoint: '\ud800' }, 'checkpoint forbidden_text'],
  ])('WF12 %j is refused as %s', (values, code) => {
    expect(codes(bind(values))).toEqual([code]);
  });

  it('max_length counts characters, not UTF-16 units', () => {
    expect(codes(bind({ prompt: '🚢'.repeat(20) }))).toEqual([]);
    expect(codes(bind({ prompt: '🚢'.repeat(21) }))).toEqual(['prompt too_long']);
  });

  it('every wrong parameter is named at once', () => {
    expect(codes(bind({ width: 100, steps: 0, sampler: 'lcm' }))).toEqual([
      'width not_multiple',
      'steps too_small',
      'sampler not_an_option',
    ]);
  });

  it.each([[['12', 0]], [{ a: 1 }], [[]]])('SE12 %j for a text is refused: it could be a link', (value) => {
    for (const name of ['prompt', 'seed', 'image', 'on', 'width']) {
      expect(codes(bind({ [name]: value }))).toEqual([`${name} not_scalar`]);
    }
  });

  it.each(['../a.png', '/etc/passwd', 'a/../../b.png', 'C:\\a.png', 'a.png [output]', 'a.png [input]'])(
    'SE12 the image %s is refused',
    (image) => {
      expect(codes(bind({ image }))).toEqual(['image forbidden_text']);
    },
  );
});

describe('names', () => {
  it('WF4 an unknown parameter is refused with the nearest name, or a warning when lenient', () => {
    const strict = bind({ widht: 512 });
    expect(strict.ok ? [] : strict.problems).toEqual([
      {
        parameter: 'widht',
        code: 'unknown',
        message: 'the workflow has no such parameter; did you mean "width"?',
        text: { code: 'parameter.unknown_near', params: { nearest: 'width' } },
      },
    ]);
    const lenient = bind({ widht: 512 }, { strict: false });
    expect(lenient.ok && lenient.warnings.map((warning) => warning.code)).toEqual(['unknown']);
    const allowing = bindParameters(compile({ unknown_parameters: 'allow' }), { widht: 512 }, context);
    expect(allowing.ok && allowing.warnings).toEqual([]);
    expect(readInputs(allowing, '5')).toBe('{"width":768,"height":512,"batch_size":1}');
  });

  it.each(['{"__proto__": {"prompt": "x"}}', '{"__proto__": null, "width": 64}', '{"constructor": 1}'])(
    'SE12 the key in %s is refused',
    (text) => {
      for (const values of [JSON.parse(text), parseLosslessJson(text)] as Record<string, unknown>[]) {
        const bound = bind(values, { strict: false });
        expect(codes(bound)).toEqual([expect.stringMatching(/^(__proto__|constructor) forbidden_key$/)]);
      }
    },
  );

  it('API6 image_path is another name of image; both together are refused', () => {
    const bound = bind({ image_path: 'boat.png' });
    expect(bound.ok && bound.images).toEqual([
      { parameter: 'image', targets: [{ nodeId: '8', inputName: 'image' }], value: 'boat.png' },
    ]);
    expect(codes(bind({ image_path: 'a.png', image: 'b.png' }))).toEqual(['image twice']);
  });
});

describe('derived values', () => {
  it('API6 duration 30 at 30 frames per second makes 900 frames', () => {
    expect(readInputs(bind({ duration: 30, fps: 30 }), '7')).toContain('"fps":30,"frames":900,');
  });

  it('halves are rounded up, and a source that is left out counts with the value of the graph', () => {
    expect(readInputs(bind({ duration: 2.5, fps: 9 }), '7')).toContain('"frames":23,');
    expect(readInputs(bind({ duration: 2 }), '7')).toContain('"frames":12,');
  });

  it('a product outside the limits is refused, not cut', () => {
    const frames = { ...MAPPING.frames, max: 100 };
    const definition = compile({ parameter_mapping: { ...MAPPING, frames } });
    const bound = bindParameters(definition, { duration: 60, fps: 30 }, context);
    expect(bound.ok ? [] : bound.problems).toEqual([
      {
        parameter: 'frames',
        code: 'too_large',
        message: 'duration × fps is 1800: the largest number allowed is 100',
        text: {
          code: 'parameter.product',
          params: {
            factors: 'duration × fps',
            value: '1800',
            problem: { code: 'parameter.too_large', params: { limit: 100 } },
          },
        },
      },
    ]);
  });

  it('a derived value is not taken from a request', () => {
    expect(codes(bind({ frames: 5 }))).toEqual(['frames derived']);
  });
});

describe('the template', () => {
  it('WF6 a target that is missing at submit is a problem, never a silent success', () => {
    const definition = { ...compile(), graph: {} };
    expect(codes(bindParameters(definition, { width: 64 }, context))).toContain('width target_missing');
  });

  it('WF7 the template is never modified', () => {
    const definition = compile();
    const first = bindParameters(definition, { prompt: 'a', width: 64, seed: 5 }, context);
    const second = bindParameters(definition, { prompt: 'b' }, context);
    expect(stringifyLosslessJson(definition.graph)).toBe(definition.graphText);
    expect(readInputs(first, '6')).toContain('"text":"a"');
    expect(readInputs(second, '6')).toContain('"text":"b"');
    expect(readInputs(second, '10')).toContain('"seed":1125899906842624,');
  });

  it('TD13 a replacement file is written, kept with the values and reported; a given one is used as it is', () => {
    const standIn = { kind: 'file', name: 'b.safetensors', instead: 'a.safetensors' } as const;
    const findStandIn: BindContext['findStandIn'] = ({ name }) =>
      name === 'checkpoint' ? standIn : { kind: 'none' };

    const bound = bind({}, { findStandIn });
    expect(readInputs(bound, '4')).toBe('{"ckpt_name":"b.safetensors"}');
    expect(bound).toMatchObject({
      parameters: { checkpoint: 'b.safetensors' },
      warnings: [{ parameter: 'checkpoint', code: 'stand_in' }],
    });
    expect(readInputs(bind({ checkpoint: 'c.ckpt' }, { findStandIn }), '4')).toBe('{"ckpt_name":"c.ckpt"}');
  });

  it('TD13 a file without a replacement is requested by name', () => {
    const standIn = { kind: 'unclear', instead: 'a.safetensors', known: ['x.ckpt', 'y.ckpt'] } as const;
    const bound = bind(
      {},
      { findStandIn: ({ name }) => (name === 'checkpoint' ? standIn : { kind: 'none' }) },
    );

    expect(bound).toMatchObject({
      ok: false,
      problems: [
        {
          parameter: 'checkpoint',
          code: 'choose_model',
          message: 'no worker has "a.safetensors"; choose one of: x.ckpt, y.ckpt',
        },
      ],
    });
  });

  it('SE12 WF7 whatever a request holds, the graph without its parameters is byte for byte the template', () => {
    const definition = compile();
    const names = [...Object.keys(MAPPING), 'image_path', '__proto__', 'constructor', 'toString', 'x'];
    const value = fc.oneof(fc.jsonValue(), fc.string(), fc.integer(), fc.double(), fc.constant(['4', 0]));
    const request = fc.dictionary(fc.oneof(fc.constantFrom(...names), fc.string()), value, { maxKeys: 5 });
    const template = blank(definition, definition.graph);
    let accepted = 0;
    fc.assert(
      fc.property(request, fc.boolean(), (values, strict) => {
        const bound = bindParameters(definition, values, { ...context, strict });
        if (!bound.ok) return;
        accepted += 1;
        expect(blank(definition, bound.graph)).toBe(template);
      }),
      { numRuns: 2_000, seed: 7 },
    );
    expect(accepted).toBeGreaterThan(100);
  });
});

/** The graph as text, with a mark in place of every input that a parameter sets. */
function blank(definition: WorkflowDefinition, graph: WorkflowDefinition['graph']): string {
  const copy = parseLosslessJson(stringifyLosslessJson(graph)) as WorkflowDefinition['graph'];
  for (const { nodeId, inputName } of definition.parameters.flatMap((parameter) => parameter.targets)) {
    const node = copy[nodeId];
    if (node) node.inputs[inputName] = '<placeholder>';
  }
  return stringifyLosslessJson(copy);
}
