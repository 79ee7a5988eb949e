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
      ['2', '3d', 0, 'file', 'e.glb'],
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

  it.each([
    [null],
    ['text'],
    [[1]],
    [{ '1': null }],
    [{ '1': { images: 5 } }],
    [{ '1': { images: [null, {}] } }],
  ])('odd outputs %j give nothing', (outputs) => {
    expect(readOutputs(outputs)).toEqual([]);
  });
});
