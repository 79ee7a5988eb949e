import { describe, expect, it } from 'vitest';
import { isModelFileName, OfferedChoices, readChoices, spellChoices } from './choices.ts';
import type { Graph } from './graph.ts';
import type { ObjectInfo } from './object-info.ts';

const output = { input: { required: { text: ['STRING', {}] } }, output: [], output_node: true };
const WINDOWS: ObjectInfo = {
  AnyLoader: {
    input: {
      required: {
        whatever: [['SDXL\\a.safetensors', 'None'], {}],
        mode: ['COMBO', { options: ['fast', 'slow'] }],
        many: ['COMBO', { options: ['x\\1', 'x\\2'], multiselect: true }],
        picture: [['in.png'], { image_upload: true }],
        far: ['COMBO', { remote: { route: '/far' }, options: ['old'] }],
        steps: ['INT', {}],
      },
    },
    output: ['MODEL'],
    output_node: false,
  },
  Publish: output,
};
const LINUX: ObjectInfo = {
  AnyLoader: { input: { required: { whatever: [['SDXL/a.safetensors']] } }, output: [], output_node: false },
  Publish: output,
};
const windows = new OfferedChoices(WINDOWS);

function createGraph(inputs: Record<string, unknown>): Graph {
  return {
    '1': { class_type: 'AnyLoader', inputs },
    '2': { class_type: 'Publish', inputs: { text: ['1', 0] } },
  };
}

describe('what a graph picks from lists', () => {
  it('is told by the server, not by names of inputs; placeholders are choices too', () => {
    const graph = createGraph({ whatever: 'SDXL\\a.safetensors', mode: 'None', steps: 4, note: 'x' });

    expect(readChoices(graph, [windows])).toEqual([
      { classType: 'AnyLoader', inputName: 'whatever', value: 'SDXL/a.safetensors' },
      { classType: 'AnyLoader', inputName: 'mode', value: 'None' },
    ]);
  });

  it('has every item of several that are picked at once', () => {
    const graph = createGraph({ many: { __value__: ['x/1', 'x/2'] } });

    expect(readChoices(graph, [windows]).map(({ value }) => value)).toEqual(['x/1', 'x/2']);
  });

  it('has nothing of nodes that feed no output, of files that are uploaded, or of lists kept elsewhere', () => {
    const graph = createGraph({ picture: 'mine.png', far: 'new', whatever: ['3', 0] });
    graph['9'] = { class_type: 'AnyLoader', inputs: { whatever: 'unused.safetensors' } };

    expect(readChoices(graph, [windows])).toEqual([]);
  });

  it('leaves out inputs that get another value before the graph is sent', () => {
    const graph = createGraph({ whatever: 'mine.png', mode: 'fast' });
    const isReplaced = (nodeId: string, inputName: string) => nodeId === '1' && inputName === 'whatever';

    expect(readChoices(graph, [windows], isReplaced).map(({ inputName }) => inputName)).toEqual(['mode']);
  });

  it('counts a list that any of the servers has', () => {
    const graph = createGraph({ mode: 'fast' });

    expect(readChoices(graph, [new OfferedChoices(LINUX), windows])).toHaveLength(1);
  });
});

describe('what a server offers', () => {
  it('takes what it lists, in whatever slashes, and anything where it has no list', () => {
    const takes = (inputName: string, value: string) =>
      windows.takes({ classType: 'AnyLoader', inputName, value });

    expect(takes('whatever', 'SDXL/a.safetensors')).toBe(true);
    expect(takes('whatever', 'b.safetensors')).toBe(false);
    expect([
      takes('picture', 'b.png'),
      takes('far', 'x'),
      takes('steps', '4'),
      takes('toString', ''),
    ]).toEqual([true, true, true, true]);
    expect(windows.takes({ classType: 'constructor', inputName: 'name', value: 'x' })).toBe(true);
  });

  it('has lists of inputs that others bring, whatever a node selects', () => {
    const codec = (...codecs: string[]) => ({ required: { codec: ['COMBO', { options: codecs }] } });
    const options = [
      { key: 'mp4', inputs: codec('h264') },
      { key: 'webm', inputs: codec('vp9') },
    ];
    const lora = { input: { required: { lora: [['x\\a.safetensors']] } }, prefix: 'lora', min: 0, max: 3 };
    const required = {
      format: ['COMFY_DYNAMICCOMBO_V3', { options }],
      loras: ['COMFY_AUTOGROW_V3', { template: lora }],
    };
    const server = new OfferedChoices({ Save: { input: { required } } });
    const list = (inputName: string) => server.list('Save', inputName);

    expect([...(list('format')?.keys() ?? [])]).toEqual(['mp4', 'webm']);
    expect([...(list('format.codec')?.keys() ?? [])]).toEqual(['h264', 'vp9']);
    expect(list('loras.lora2')?.get('x/a.safetensors')).toBe('x\\a.safetensors');
    expect([list('loras'), list('loras.lora3')]).toEqual([null, null]);
  });

  it('is described alike on every system, whatever was uploaded', () => {
    const loader = WINDOWS.AnyLoader;
    const uploaded = { picture: [['in.png', 'more.png'], { image_upload: true }] };
    const slashes = { whatever: [['None', 'SDXL/a.safetensors'], {}] };
    const many = { many: ['COMBO', { options: ['x/1', 'x/2'] }] };
    const required = { ...loader?.input?.required, ...uploaded, ...slashes, ...many };
    const other = new OfferedChoices({ ...WINDOWS, AnyLoader: { ...loader, input: { required } } });

    expect([...other.describe()]).toEqual([...windows.describe()]);
    expect([...new OfferedChoices(LINUX).describe()]).not.toEqual([...windows.describe()]);
  });
});

describe('spelling', () => {
  it('is the server’s own, and the graph stays as it is', () => {
    const graph = createGraph({ whatever: 'SDXL/a.safetensors', many: { __value__: ['x/2', 'x/3'] } });
    const spelled = spellChoices(graph, windows);

    expect(spelled['1']?.inputs).toEqual({
      whatever: 'SDXL\\a.safetensors',
      many: { __value__: ['x\\2', 'x/3'] },
    });
    expect(graph['1']?.inputs.whatever).toBe('SDXL/a.safetensors');
    expect(spellChoices(spelled, new OfferedChoices(LINUX))['1']?.inputs.whatever).toBe('SDXL/a.safetensors');
  });

  it('leaves a value that is listed as it stands, and one that is not listed', () => {
    const marks = { Marks: { input: { required: { mark: [['\\', '/', 'b\\c']] } } } };
    const spell = (mark: unknown) =>
      spellChoices({ '1': { class_type: 'Marks', inputs: { mark } } }, new OfferedChoices(marks))['1']
        ?.inputs;

    expect(['\\', '/', 'b/c', 'd\\e'].map((mark) => spell(mark)?.mark)).toEqual(['\\', '/', 'b\\c', 'd\\e']);
    expect(spell(['2', 0])?.mark).toEqual(['2', 0]);
  });
});

it.each(['a.safetensors', 'x/flux1-Q4_K_S.gguf', 'a.vae.PT'])(
  '%s is named as files of models are',
  (name) => {
    expect(isModelFileName(name)).toBe(true);
  },
);

it.each(['None', 'Baked VAE', 'euler', 'taesd', '.safetensors', 'x/.bin', 'a.png'])('%s is not', (name) => {
  expect(isModelFileName(name)).toBe(false);
});
