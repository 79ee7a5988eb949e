import { describe, expect, it } from 'vitest';
import { readOutputs } from './read-outputs.ts';

const file = (filename: string, more: Record<string, unknown> = {}) => ({
  filename,
  subfolder: '',
  type: 'output',
  ...more,
});

describe('collecting outputs', () => {
  it('RS1 images, videos, audio, latents and other files are found under any key', () => {
    const outputs = {
      '1': { images: [file('a.png'), file('b.mp4', { subfolder: 'video' })], animated: [true] },
      '2': { audio: [file('c.flac')], latents: [file('d.latent')], '3d': [file('e.glb')] },
      '3': { custom_key: [{ nested: { deeper: [file('f.webm')] } }] },
    };
    expect(readOutputs(outputs).map((o) => [o.nodeId, o.key, o.index, o.kind, o.file?.filename])).toEqual([
      ['1', 'images', 0, 'image', 'a.png'],
      ['1', 'images', 1, 'video', 'b.mp4'],
      ['2', 'audio', 0, 'audio', 'c.flac'],
      ['2', 'latents', 0, 'latent', 'd.latent'],
      ['2', '3d', 0, '3d', 'e.glb'],
      ['3', 'custom_key', 0, 'video', 'f.webm'],
    ]);
  });

  it('RS1 temporary files are marked, so that they can be skipped', () => {
    const [output] = readOutputs({ '1': { images: [file('x_temp_abcde_00001_.png', { type: 'temp' })] } });
    expect(output?.temporary).toBe(true);
  });

  it('a VHS video under gifs is a video, without the server path', () => {
    const gif = file('v_00001', {
      format: 'video/h264-mp4',
      fullpath: '/srv/comfy/output/v_00001',
      frame_rate: 8,
    });
    expect(readOutputs({ '1': { gifs: [gif] } })).toEqual([
      {
        nodeId: '1',
        key: 'gifs',
        index: 0,
        kind: 'video',
        temporary: false,
        file: { filename: 'v_00001', subfolder: '', type: 'output', format: 'video/h264-mp4' },
      },
    ]);
  });

  it('texts are kept', () => {
    expect(readOutputs({ '7': { text: ['a cat', 'a dog'] } }).map((o) => [o.index, o.kind, o.text])).toEqual([
      [0, 'text', 'a cat'],
      [1, 'text', 'a dog'],
    ]);
  });

  const textsOf = (output: Record<string, unknown>) =>
    readOutputs({ '1': output }).map(({ key, text }) => [key, text]);

  it('RS1 a text that a node gave bare, which ComfyUI splits into letters, is one text', () => {
    expect(textsOf({ string: [...'naïve 文'] })).toEqual([['string', 'naïve 文']]);
    expect(textsOf({ text: ['1', '2', '3'] })).toHaveLength(3);
    expect(textsOf({ text: ['a', 'bc'] })).toHaveLength(2);
  });

  it('RS1 numbers and flags of a node are texts; null and deeper lists are not', () => {
    const output = {
      value: [1.5, Number.NaN, Number.POSITIVE_INFINITY],
      flags: [true, null],
      nested: [[1, [2]]],
    };
    expect(textsOf(output)).toEqual([
      ['value', '1.5'],
      ['value', 'NaN'],
      ['value', 'Infinity'],
      ['flags', 'true'],
    ]);
  });

  it('RS1 numbers and flags beside files describe the files', () => {
    const output = { images: [file('a.webp')], animated: [true], dims: [8, 8] };
    expect(readOutputs({ '1': output }).map(({ key }) => key)).toEqual(['images']);
  });

  it('an empty text is a text', () => {
    expect(textsOf({ text: [''] })).toEqual([['text', '']]);
  });

  it.each([
    ['3d/made_00001.obj', '3d', '3d', 'made_00001.obj'],
    ['preview_abc.ply', '3d', '', 'preview_abc.ply'],
    ['clouds\\one.splat', '3d', 'clouds', 'one.splat'],
    ['a/b/c.spz', '3d', 'a/b', 'c.spz'],
    ['m.stl', '3d', '', 'm.stl'],
    ['m.fbx', '3d', '', 'm.fbx'],
    ['m.gltf', '3d', '', 'm.gltf'],
    ['m.USDZ', '3d', '', 'm.USDZ'],
  ])(
    'TD7 the path %s in a result list is a file of kind %s; what stands beside it is left out',
    (path, kind, subfolder, filename) => {
      const camera = { position: { x: 1 } };
      expect(readOutputs({ '4': { result: [path, camera, [{ scale: 1 }]] } })).toEqual([
        {
          nodeId: '4',
          key: 'result',
          index: 0,
          kind,
          temporary: false,
          file: { filename, subfolder, type: 'output' },
          text: path,
        },
      ]);
    },
  );

  it('TD7 a path that repeats a file is no second result', () => {
    const output = { '3d': [file('one.glb', { subfolder: 'mesh' })], result: ['mesh/one.glb', null] };
    const again = { result: ['mesh/one.glb', null] };
    expect(readOutputs({ '1': output, '2': again }).map(({ key }) => key)).toEqual(['3d']);
  });

  it.each([['/srv/out/a.obj'], ['no path'], [''], ['two\nlines.obj'], ['.obj']])(
    'TD7 %j in a result list is the text it is',
    (text) => {
      expect(readOutputs({ '1': { result: [text, null] } })).toMatchObject([{ kind: 'text', text }]);
    },
  );

  it.each([
    [null],
    ['text'],
    [[1]],
    [{ '1': null }],
    [{ '1': { images: { a: { b: 5 } } } }],
    [{ '1': { images: [null, {}] } }],
  ])('odd outputs %j give nothing', (outputs) => {
    expect(readOutputs(outputs)).toEqual([]);
  });
});
