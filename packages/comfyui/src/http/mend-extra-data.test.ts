import { describe, expect, it } from 'vitest';
import { toLosslessNumber } from '../json/lossless-number.ts';
import { systemClock } from '../time/system-clock.ts';
import { mendExtraData } from './mend-extra-data.ts';
import { submitPrompt } from './submit-prompt.ts';

const NOTHING = (async function* (): AsyncGenerator<Uint8Array> {})();

describe('what goes out beside a graph', () => {
  it.each([
    [{ extra_pnginfo: null, a: 1 }, { a: 1 }],
    [{ extra_pnginfo: [], a: 1 }, { a: 1 }],
    [{ extra_pnginfo: toLosslessNumber(1), a: 1 }, { a: 1 }],
    [{ extra_pnginfo: { workflow: toLosslessNumber('1') } }, { extra_pnginfo: {} }],
    [{ extra_pnginfo: { workflow: null, note: 'x' } }, { extra_pnginfo: { note: 'x' } }],
    [{ extra_pnginfo: { workflow: [] } }, { extra_pnginfo: {} }],
    [{ extra_pnginfo: { workflow: { id: '7' } } }, { extra_pnginfo: { workflow: { id: '7' } } }],
    [{ extra_pnginfo: {} }, { extra_pnginfo: {} }],
    [{ preview_method: 'none' }, { preview_method: 'none' }],
  ])('extra_data %j goes out as %j', (given, expected) => {
    expect(mendExtraData(given)).toEqual(expected);
  });

  it('nodes have _meta, which a server that replaces them reads, and keep their title', async () => {
    let sent = '';
    await submitPrompt(
      {
        baseUrl: 'http://worker',
        clock: systemClock,
        request: async ({ body }) => {
          sent = String(body);
          return {
            status: 200,
            headers: {},
            text: async () => '{"prompt_id":"p","number":1}',
            body: NOTHING,
          };
        },
      },
      {
        promptId: 'p',
        graph: {
          '1': { class_type: 'EmptyImage', inputs: {} },
          '2': { class_type: 'SaveImage', inputs: { images: ['1', 0] }, _meta: { title: 'Mine' } },
        },
        extraData: { extra_pnginfo: null },
      },
    );
    expect(JSON.parse(sent)).toEqual({
      prompt: {
        '1': { class_type: 'EmptyImage', inputs: {}, _meta: {} },
        '2': { class_type: 'SaveImage', inputs: { images: ['1', 0] }, _meta: { title: 'Mine' } },
      },
      prompt_id: 'p',
      extra_data: {},
    });
  });
});
