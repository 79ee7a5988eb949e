import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { FaultSpec } from '@comfleet/simulator';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { FlowRig, pictureGraph } from './kit/flow-rig.ts';

let rig: FlowRig;
beforeAll(async () => {
  rig = await FlowRig.open();
});
afterAll(() => rig.close());
afterEach(() => rig.simulator.control.clear());

const IMAGES = { class_type: 'EmptyImage', inputs: { width: 16, height: 16, batch_size: 2, color: 7 } };
const twoPictures = (color: number) => ({
  '1': { ...IMAGES, inputs: { ...IMAGES.inputs, batch_size: 1, color } },
  '2': { class_type: 'SaveImage', inputs: { filename_prefix: 'first', images: ['1', 0] } },
  '3': { class_type: 'SaveImage', inputs: { filename_prefix: 'second', images: ['1', 0] } },
});
const runWith = (...faults: FaultSpec[]) => {
  for (const fault of faults) rig.simulator.control.set(fault);
  return rig.run(pictureGraph());
};

/** The files that the worker wrote for a task, from its ledger. */
const written = (id: string) =>
  rig.simulator.ledger
    .lines()
    .filter((line) => line.event === 'file_written' && line.task === id)
    .map((line) => String(line.path));

describe('files of a finished prompt', () => {
  it('P13 RS4 the stored bytes are the bytes the worker wrote', async () => {
    const task = await rig.run(pictureGraph());
    const [path = ''] = written(task.task_id);

    expect(await rig.bytes(task.task_id as never)).toEqual(rig.simulator.files.read('output', path)?.bytes);
  });

  it('RS6 the worker gets a prefix no other attempt has, and the result the name that was asked for', async () => {
    const first = await rig.run(pictureGraph('holiday'));
    const second = await rig.run(pictureGraph('holiday'));
    const paths = [...written(first.task_id), ...written(second.task_id)];

    expect(new Set(paths.map((path) => path.replace(/_\d+_\.png$/, ''))).size).toBe(2);
    expect(paths.every((path) => /^holiday~[0-9a-f]{8}_00001_\.png$/.test(path))).toBe(true);
    expect([first, second].map((task) => task.results[0]?.name)).toEqual([
      'holiday_00001_.png',
      'holiday_00001_.png',
    ]);
  });

  it('RS1 images, animations, videos, sounds, texts and plain files are collected, previews are not', async () => {
    const audio = await rig.run({
      '1': { class_type: 'EmptyLatentAudio', inputs: { seconds: 1, batch_size: 1 } },
      '2': IMAGES,
      '3': { class_type: 'SaveImage', inputs: { filename_prefix: 'still', images: ['2', 0] } },
      '4': {
        class_type: 'SaveAnimatedWEBP',
        inputs: {
          filename_prefix: 'anim',
          images: ['2', 0],
          fps: 6,
          lossless: true,
          quality: 80,
          method: 'default',
        },
      },
      '5': { class_type: 'CreateVideo', inputs: { images: ['2', 0], fps: 8 } },
      '6': {
        class_type: 'SaveVideo',
        inputs: { filename_prefix: 'video/clip', video: ['5', 0], format: 'mp4', codec: 'h264' },
      },
      '7': { class_type: 'PreviewAny', inputs: { source: ['2', 0] } },
      '8': { class_type: 'SaveLatent', inputs: { samples: ['1', 0], filename_prefix: 'latents/one' } },
      '9': { class_type: 'PreviewImage', inputs: { images: ['2', 0] } },
    });

    expect(audio.status).toBe('succeeded');
    const kinds = audio.results.map(({ node_id, kind }) => `${node_id} ${kind}`).sort();
    expect(kinds).toEqual(['3 image', '3 image', '4 image', '6 video', '7 text', '8 latent']);
    expect(audio.results.find((result) => result.kind === 'text')?.text).not.toBe('');
    expect(audio.results.find((result) => result.kind === 'video')?.content_type).toBe('video/mp4');
  });

  it('SaveImageWebsocket pictures survive a socket that is lost before they are sent', async () => {
    rig.simulator.control.set({ name: 'ws_reset', moment: 'between_post_and_start' });
    const task = await rig.run({
      '1': { ...IMAGES, inputs: { ...IMAGES.inputs, batch_size: 1, color: 99 } },
      '2': { class_type: 'SaveImageWebsocket', inputs: { images: ['1', 0] } },
    });

    expect(task).toMatchObject({ status: 'succeeded', results: [{ node_id: '2', kind: 'image' }] });
    expect((await rig.bytes(task.task_id as never)).subarray(1, 4).toString()).toBe('PNG');
  });

  it('CD21 a second, cached run of the same graph has results of its own', async () => {
    const graph = pictureGraph('cached');
    const first = await rig.run(graph);
    const second = await rig.run(graph);

    expect(second).toMatchObject({ status: 'succeeded', results: [{ name: 'cached_00001_.png' }] });
    expect(second.results[0]?.asset_id).not.toBe(first.results[0]?.asset_id);
    expect(written(second.task_id)).toHaveLength(1);
  });
});

describe('faulty downloads', () => {
  it.each(['reset', 'short', 'wrong_length'])(
    'D1 a download that breaks by %s three times is tried again; the stored file is whole',
    async (kind) => {
      const task = await runWith({ name: 'view_broken', kind, after: 100, times: 3 });
      const [path = ''] = written(task.task_id);

      expect(task).toMatchObject({ status: 'succeeded', attempt_count: 1 });
      expect(await rig.bytes(task.task_id as never)).toEqual(rig.simulator.files.read('output', path)?.bytes);
    },
  );

  it('D1 a download that never completes fails by name and leaves nothing behind', async () => {
    const folders = async () => (await readdir(join(rig.folder, 'blobs'), { recursive: true })).length;
    const before = await folders();
    rig.simulator.control.set({ name: 'view_broken', kind: 'short', after: 100, times: 'until_cleared' });
    const task = await rig.run(pictureGraph(), { max_attempts: 1 });

    expect(task).toMatchObject({ status: 'failed', results: [], error: { code: 'COLLECT_FAILED' } });
    expect(await folders()).toBe(before);
  });

  const previews = (color: number) => ({
    '1': { ...IMAGES, inputs: { ...IMAGES.inputs, batch_size: 1, color } },
    '2': { class_type: 'PreviewImage', inputs: { images: ['1', 0] } },
  });

  it('D2 a file of a cached node that is gone is requested by one more attempt, but not by a third', async () => {
    await rig.run(previews(21));
    rig.simulator.control.set({ name: 'view_gone' });
    const once = await rig.run(previews(21));
    rig.simulator.control.set({ name: 'view_gone', times: 'until_cleared' });
    const always = await rig.run(previews(21));

    expect(once).toMatchObject({ status: 'succeeded', attempt_count: 2, results: [{ node_id: '2' }] });
    expect(once.attempts[0]).toMatchObject({ ending: 'failed', error: { code: 'OUTPUT_GONE' } });
    expect(always).toMatchObject({ status: 'failed', attempt_count: 2, error: { code: 'OUTPUT_GONE' } });
  });

  it('TD5 a file that its own run made and the worker does not have fails the task once, by name and answer', async () => {
    const task = await runWith({ name: 'view_gone' });

    expect(task).toMatchObject({
      status: 'failed',
      attempt_count: 1,
      error: {
        code: 'OUTPUT_REFUSED',
        details: { node_id: '2', file: 'picture_00001_.png', status: 404 },
      },
    });
    expect(task.warning_texts).toMatchObject([{ code: 'warning.output' }]);
  });

  it('TD6 next to a file that is never served the good one is delivered, with a warning that names the bad one', async () => {
    rig.simulator.control.set({ name: 'output_name', filename: 'bad..name.png' });
    const task = await rig.run(twoPictures(22));

    expect(task).toMatchObject({ status: 'succeeded', attempt_count: 1 });
    expect(task.results).toHaveLength(1);
    expect(task.warning_texts).toMatchObject([
      { code: 'warning.output', params: { file: 'bad..name.png', reason: { params: { status: 400 } } } },
    ]);
  });

  it('TD6 next to a file that never completes the good one is delivered at the last attempt, with a warning', async () => {
    rig.simulator.control.set({
      name: 'view_broken',
      kind: 'short',
      after: 100,
      file: 'first',
      times: 'until_cleared',
    });
    const task = await rig.run(twoPictures(24), { max_attempts: 2 });

    expect(task).toMatchObject({ status: 'succeeded', attempt_count: 2, results: [{ node_id: '3' }] });
    expect(task.attempts.map(({ ending, error }) => [ending, error?.code ?? null])).toEqual([
      ['failed', 'COLLECT_FAILED'],
      ['succeeded', null],
    ]);
    expect(task.warning_texts).toMatchObject([
      {
        code: 'warning.output',
        params: { node: '2', reason: { code: 'output.broken', params: { tries: 5 } } },
      },
    ]);
  });

  it('TD8 a graph that ends in a preview delivers it', async () => {
    const task = await rig.run(previews(23));

    expect(task).toMatchObject({
      status: 'succeeded',
      results: [{ node_id: '2', kind: 'image' }],
      warning_texts: [],
    });
  });

  it('TD5 two dots in a prefix cost nothing: the worker gets it without them, the result has them', async () => {
    const task = await rig.run(pictureGraph('a cat... on a roof'));

    expect(task).toMatchObject({
      status: 'succeeded',
      attempt_count: 1,
      results: [{ name: 'a cat... on a roof_00001_.png' }],
    });
    expect(written(task.task_id)[0]).not.toContain('..');
  });

  it.each([
    ['with .. stay outside our folders', '../../evil.png', 'failed', null],
    ['of 255 bytes', `${'x'.repeat(251)}.png`, 'succeeded', /x{180,}\.png$/],
    ['with Unicode', 'Ünïcode 你好.png', 'succeeded', /^Ünïcode 你好\.png$/],
    ['with an escaped slash', 'a%2Fb.png', 'succeeded', /^a%2Fb\.png$/],
    ['with control characters', 'a\u0007b.png', 'succeeded', /^a_b\.png$/],
  ])('D7 names %s', async (_what, filename, status, name) => {
    rig.simulator.control.set({ name: 'output_name', filename, times: 'until_cleared' });
    const task = await rig.run(pictureGraph(), { max_attempts: 1 });

    expect(task.status).toBe(status);
    if (name) expect(task.results[0]?.name).toMatch(name);
    const readable = await readdir(join(rig.folder, 'outputs'), { recursive: true });
    expect(readable.filter((path) => path.split('/').includes('..') || path.includes('evil'))).toEqual([]);
  });

  it('TD6 D8 1,200 files of one prompt are all results, in order', async () => {
    const task = await runWith({ name: 'many_files', count: 1200 });

    expect(task).toMatchObject({ status: 'succeeded', attempt_count: 1 });
    expect(task.results.map((result) => result.index)).toEqual(Array.from({ length: 1200 }, (_, at) => at));
  });

  it('D8 a file of 256 MB is streamed: memory does not grow with it', async () => {
    const sizeBytes = 256 * 1024 ** 2;
    rig.simulator.control.set({ name: 'big_file', bytes: sizeBytes });
    rig.simulator.control.set({ name: 'output_name', filename: 'film.mp4' });
    const id = await rig.submit(pictureGraph());
    let mostBytes = 0;
    const before = process.memoryUsage().rss;
    const sampling = setInterval(() => {
      mostBytes = Math.max(mostBytes, process.memoryUsage().rss - before);
    }, 20);
    const task = await rig.ended(id);
    clearInterval(sampling);

    expect(task).toMatchObject({ status: 'succeeded', results: [{ size_bytes: sizeBytes }] });
    expect(mostBytes).toBeLessThan(128 * 1024 ** 2);
  });

  it('RS8 an empty or unreadable picture is a failure, not a result, and not run again', async () => {
    rig.simulator.control.set({
      name: 'view_broken',
      kind: 'wrong_length',
      after: 0,
      times: 'until_cleared',
    });
    const empty = await rig.run(pictureGraph());
    rig.simulator.control.set({
      name: 'view_broken',
      kind: 'wrong_length',
      after: 3,
      times: 'until_cleared',
    });
    rig.simulator.control.clear();
    rig.simulator.control.set({
      name: 'view_broken',
      kind: 'wrong_length',
      after: 3,
      times: 'until_cleared',
    });
    const cut = await rig.run(pictureGraph());

    expect([empty, cut].map((task) => task.error?.code)).toEqual(['OUTPUT_INVALID', 'OUTPUT_INVALID']);
    expect([empty, cut].map((task) => task.attempt_count)).toEqual([1, 1]);
  });
});

it('TD5 D8 a result above the limit fails its task once, with the setting and its value', async () => {
  const small = await FlowRig.open({ config: { limits: { result_bytes: 1024 } } });
  small.simulator.control.set({ name: 'big_file', bytes: 5000 });
  const task = await small.run(pictureGraph());
  await small.close();

  expect(task).toMatchObject({
    status: 'failed',
    attempt_count: 1,
    error: { code: 'RESULT_TOO_LARGE', details: { setting: 'limits.result_bytes', limit: 1024 } },
  });
});

it('TD6 D8 results of a task above their limit together are left out, with a warning that names the setting', async () => {
  const small = await FlowRig.open({ config: { limits: { task_result_bytes: 800 } } });
  const task = await small.run(twoPictures(1));
  await small.close();

  expect(task).toMatchObject({ status: 'succeeded', attempt_count: 1, results: [{ node_id: '2' }] });
  expect(task.warning_texts).toMatchObject([
    {
      params: {
        node: '3',
        reason: {
          code: 'output.too_large_together',
          params: { setting: 'limits.task_result_bytes', most: 800 },
        },
      },
    },
  ]);
});

it('TD5 a prompt whose only saver reports nothing succeeds without results, once, and says so', async () => {
  const saver = { info: { input: { required: { images: ['IMAGE'] } }, output_node: true } };
  const silent = await FlowRig.open({ simulators: [{ classes: { SaveSilently: saver } }] });
  const task = await silent.run({
    '1': IMAGES,
    '2': { class_type: 'SaveSilently', inputs: { images: ['1', 0] } },
  });
  await silent.close();

  expect(task).toMatchObject({
    status: 'succeeded',
    attempt_count: 1,
    results: [],
    warning_texts: [{ code: 'warning.no_results', params: { nodes: '2 (SaveSilently)' } }],
  });
});
