import { afterEach, describe, expect, it } from 'vitest';
import { SimClient } from './sim-client.ts';

const GGUF = {
  info: {
    input: { required: { unet_name: [['flux\\dev.gguf', 'other.gguf']] } },
    output: ['MODEL'],
    category: 'bootleg',
  },
};

let client: SimClient;
afterEach(() => client.close());

const useModel = (name: string): Record<string, unknown> => ({
  '1': { class_type: 'UnetLoaderGGUF', inputs: { unet_name: name } },
  '2': { class_type: 'PreviewAny', inputs: { source: ['1', 0] } },
});

describe('a class that a test adds', () => {
  it('is in /object_info as given, completed, and is checked by its own choices', async () => {
    client = await SimClient.open({ classes: { UnetLoaderGGUF: GGUF } });
    const info = JSON.parse((await client.load('/object_info/UnetLoaderGGUF')).text);
    const refused = await client.post(useModel('flux/dev.gguf'));

    expect(info.UnetLoaderGGUF).toMatchObject({
      ...GGUF.info,
      input_order: { required: ['unet_name'] },
      output_name: ['MODEL'],
      output_node: false,
    });
    expect([refused.status, JSON.stringify(refused.body.node_errors)]).toEqual([
      400,
      expect.stringContaining('value_not_in_list'),
    ]);
  });

  it('runs without code of its own: the model that an input names is loaded, and listed in its folder', async () => {
    const model = { name: 'flux\\dev.gguf', folder: 'unet_gguf', loadMs: 1, vramMegabytes: 100 };
    client = await SimClient.open({ classes: { UnetLoaderGGUF: GGUF }, models: [model] });
    const id = await client.run(useModel('flux\\dev.gguf'));

    const loaded = client.simulator.ledger.lines().find((line) => line.event === 'model_loaded');
    expect(loaded).toMatchObject({ prompt_id: id, model: 'flux\\dev.gguf' });
    expect((await client.load('/models/unet_gguf')).text).toBe('["flux\\\\dev.gguf"]');
  });

  it('acts as the class it names, which must be there', async () => {
    const saver = {
      info: { input: { required: { images: ['IMAGE'] } }, output_node: true },
      actsAs: 'SaveImage',
    };
    client = await SimClient.open({ classes: { MySaver: saver } });
    await client.run({
      '1': { class_type: 'EmptyImage', inputs: { width: 8, height: 8, batch_size: 1, color: 1 } },
      '2': { class_type: 'MySaver', inputs: { images: ['1', 0] } },
    });

    const written = client.simulator.ledger.lines().find((line) => line.event === 'file_written');
    expect(written).toMatchObject({ path: 'ComfyUI_00001_.png' });
    await expect(SimClient.open({ classes: { Odd: { info: {}, actsAs: 'Nope' } } })).rejects.toThrow(
      TypeError,
    );
  });
});

describe('a paid class', () => {
  const paid = (prompt: string): Record<string, unknown> => ({
    '1': { class_type: 'OpenAIDalle3', inputs: { prompt, size: '1024x1024' } },
    '2': { class_type: 'PreviewImage', inputs: { images: ['1', 0] } },
  });

  it('is marked as one and counts what was executed, not what came from the cache', async () => {
    client = await SimClient.open();
    for (const prompt of ['a', 'a', 'b']) await client.run(paid(prompt));

    const objectInfo = JSON.parse((await client.load('/object_info/OpenAIDalle3')).text);
    const bills = client.simulator.ledger.lines().filter((line) => line.event === 'paid');
    expect(objectInfo.OpenAIDalle3.api_node).toBe(true);
    expect(bills.map((line) => [line.class, line.node_id])).toEqual([
      ['OpenAIDalle3', '1'],
      ['OpenAIDalle3', '1'],
    ]);
  });
});
