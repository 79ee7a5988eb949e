import { afterEach, describe, expect, it } from 'vitest';
import { pictureGraph, SimClient, sleepGraph } from './sim-client.ts';

let client: SimClient;
afterEach(() => client.close());

const open = (argv: readonly string[] = ['main.py', '--cpu']) => SimClient.open({ version: '0.33', argv });

/** The last frame with what a node showed. */
const shown = (node: string) =>
  client.received.filter((message) => message.type === 'executed' && message.data.node === node).at(-1)?.data
    .output;

const EMPTY = { class_type: 'EmptyImage', inputs: { width: 16, height: 16, batch_size: 1, color: 5 } };

describe('the 0.33 profile', () => {
  it('refuses a prompt id that is no lowercase UUID', async () => {
    client = await open();
    const { status, body } = await client.post(pictureGraph(), { prompt_id: 'ABC' });
    expect([status, body.error]).toEqual([400, expect.objectContaining({ type: 'invalid_prompt_id' })]);
  });

  it('lists jobs and cancels a waiting one and a running one', async () => {
    client = await open();
    const running = await client.post(sleepGraph(60));
    const waiting = await client.post(pictureGraph());
    const cancel = async (id: string) => {
      const response = await fetch(`${client.simulator.url}/api/jobs/${id}/cancel`, { method: 'POST' });
      return response.json();
    };
    expect(await cancel(waiting.id)).toEqual({ cancelled: true });
    await client.waitForMessage((message) => message.type === 'progress');
    expect(await cancel(running.id)).toEqual({ cancelled: true });
    await client.waitForEnd(running.id);
    const list = JSON.parse((await client.load('/api/jobs')).text) as {
      jobs: { id: string; status: string }[];
    };
    expect(list.jobs.map((job) => [job.id, job.status])).toEqual([[running.id, 'cancelled']]);
  });

  it.each([null, { workflow: null }, { workflow: [] }])(
    'accepts extra_pnginfo %j and answers /api/jobs with 500 until its entry is gone',
    async (pngInfo) => {
      client = await open();
      const { id } = await client.post(pictureGraph(), { extra_data: { extra_pnginfo: pngInfo } });
      await client.ended(id);
      const before = [(await client.load('/api/jobs')).status, (await client.load(`/api/jobs/${id}`)).status];
      await fetch(`${client.simulator.url}/history`, { method: 'POST', body: '{"clear": true}' });
      expect([...before, (await client.load('/api/jobs')).status]).toEqual([500, 500, 200]);
    },
  );

  it('refuses requests from other sites, sockets too', async () => {
    client = await open();
    const headers = { 'Sec-Fetch-Site': 'cross-site' };
    const statuses = [];
    for (const path of ['/prompt', '/ws']) {
      const answer = await fetch(client.simulator.url + path, { headers });
      statuses.push(answer.status);
    }
    expect(statuses).toEqual([403, 403]);
  });

  it('sends a content security policy when it was started without API nodes', async () => {
    client = await open(['main.py', '--disable-api-nodes']);
    const policy = async () =>
      (await fetch(`${client.simulator.url}/prompt`)).headers.get('content-security-policy');
    const strict = await policy();
    await client.close();
    client = await open();
    expect([strict, await policy()]).toEqual([expect.stringContaining("default-src 'self'"), null]);
  });

  it('previews by the prompt, whatever the command line says, and only that prompt', async () => {
    client = await open();
    const sample = (seed: number) => ({
      '1': { class_type: 'CheckpointLoaderSimple', inputs: { ckpt_name: 'random-a.safetensors' } },
      '2': { class_type: 'EmptyLatentImage', inputs: { width: 64, height: 64, batch_size: 1 } },
      '3': { class_type: 'CLIPTextEncode', inputs: { text: 'x', clip: ['1', 1] } },
      '4': {
        class_type: 'KSampler',
        inputs: {
          ...{ seed, steps: 3, cfg: 7, sampler_name: 'euler', scheduler: 'normal', denoise: 1 },
          ...{ model: ['1', 0], positive: ['3', 0], negative: ['3', 0], latent_image: ['2', 0] },
        },
      },
      '5': { class_type: 'SaveLatent', inputs: { samples: ['4', 0], filename_prefix: 'l' } },
    });
    const count = () => client.types().filter((type) => type === 'binary 1').length;
    const posted = await client.post(sample(1), { extra_data: { preview_method: 'latent2rgb' } });
    await client.waitForEnd(posted.id);
    const first = count();
    const plain = await client.post(sample(2), { extra_data: { preview_method: 'default' } });
    await client.waitForEnd(plain.id);
    expect([first, count()]).toEqual([3, 3]);
  });

  it('keeps results of earlier graphs; 0.3.64 drops them', async () => {
    const other = { '1': EMPTY, '2': { class_type: 'PreviewImage', inputs: { images: ['1', 0] } } };
    const cachedOn = async (version: '0.3.64' | '0.33') => {
      client = await SimClient.open({ version });
      const graph = pictureGraph();
      await client.run(graph);
      await client.run(other);
      await client.waitForEnd(await client.run(graph));
      const cached = client.received.filter((message) => message.type === 'execution_cached').at(-1)
        ?.data.nodes;
      if (version === '0.3.64') await client.close();
      return cached;
    };
    expect([await cachedOn('0.3.64'), await cachedOn('0.33')]).toEqual([[], ['1', '2']]);
  });

  it('fails at run time for a choice that a dynamic combo does not have', async () => {
    client = await open();
    const { id } = await client.post({
      '1': EMPTY,
      '2': {
        class_type: 'ResizeImageMaskNode',
        inputs: { input: ['1', 0], scale_method: 'area', resize_type: 'no such' },
      },
      '3': { class_type: 'SaveImage', inputs: { filename_prefix: 'x', images: ['2', 0] } },
    });
    await client.waitForEnd(id);
    const error = client.received.find((message) => message.type === 'execution_error')?.data;
    expect(error).toMatchObject({ node_id: '2', exception_type: 'TypeError' });
    expect(error?.exception_message).toContain("missing 1 required positional argument: 'resize_type'");
  });

  it('rewrites a replaced class and moves the links to its outputs', async () => {
    client = await open();
    client.simulator.control.set({ name: 'hide_class', class: 'ImageBatch' });
    const id = await client.run({
      '1': EMPTY,
      '2': {
        class_type: 'ImageBatch',
        inputs: { image1: ['1', 0], image2: ['1', 0] },
        _meta: { title: 'Old' },
      },
      '3': { class_type: 'SaveImage', inputs: { filename_prefix: 'x', images: ['2', 0] } },
    });
    const entry = JSON.parse((await client.load(`/history/${id}`)).text)[id];
    expect(entry.prompt[2]['2']).toEqual({
      class_type: 'BatchImagesNode',
      inputs: { 'images.image0': ['1', 0], 'images.image1': ['1', 0] },
      _meta: { title: 'Old' },
    });
    expect(entry.outputs['3'].images).toHaveLength(2);
  });

  it('names savers’ files as its kind of saver does, and says nothing of a data set', async () => {
    client = await open();
    const id = await client.run({
      '1': EMPTY,
      '2': { class_type: 'SaveText', inputs: { text: ['5', 0], filename_prefix: 'n', format: 'md' } },
      '3': {
        class_type: 'SaveImageDataSetToFolder',
        inputs: { images: ['1', 0], folder_name: 'set', filename_prefix: 'image', mode: 'increment' },
      },
      '5': { class_type: 'PreviewAny', inputs: { source: 'words' } },
    });
    await client.waitForEnd(id);
    const files = client.simulator.ledger.lines().filter((line) => line.event === 'file_written');
    expect(files.map((line) => line.path).sort()).toEqual(['n_00001.md', 'set/image_00001_00000.png']);
    expect([shown('2'), shown('3')]).toEqual([
      { text: ['words'], files: [{ filename: 'n_00001.md', subfolder: '', type: 'output' }] },
      undefined,
    ]);
  });
});

describe.each(['0.3.64', '0.33'] as const)('a %s server', (version) => {
  it('loses its worker to a link below an undeclared name to a node that is not there', async () => {
    client = await SimClient.open({ version });
    const poisoned = pictureGraph();
    poisoned['2'] = {
      class_type: 'SaveImage',
      inputs: { filename_prefix: 'x', images: ['1', 0], undeclared: ['99', 0] },
    };
    const { status } = await client.post(poisoned);
    await client.waitForMessage((message) => message.type === 'execution_cached');
    await client.post(pictureGraph());
    expect(status).toBe(200);
    expect((await client.load('/prompt')).text).toBe('{"exec_info": {"queue_remaining": 2}}');
  });

  it('tells the end late when it is told to', async () => {
    client = await SimClient.open({ version });
    client.simulator.control.set({ name: 'end_late', ms: 300 });
    const { id } = await client.post(pictureGraph());
    await client.waitForMessage((message) => message.type === 'executed');
    const shownAt = performance.now();
    await client.waitForEnd(id);
    expect(performance.now() - shownAt).toBeGreaterThan(250);
  });
});
