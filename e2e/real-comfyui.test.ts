import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Json, type RunningServer, startServer } from '@comfleet/test-kit/server';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findRealComfyui } from './services/real-comfyui.ts';
import { skipWhen } from './services/skip-reason.ts';

/*
 * The product's promises on a real ComfyUI that it starts itself: `--comfyui DIR`. Enabled by COMFYUI_REPO_PATH and
 * COMFYUI_PYTHON; the sampling tests also need the checkpoint random-a.safetensors in its models folder.
 */

const real = findRealComfyui();
const reason = real.missing;
const CHECKPOINT = 'random-a.safetensors';
const LARGEST_SEED = '18446744073709551615';

describe('on a real ComfyUI', skipWhen(reason), () => {
  let server: RunningServer;
  let workerUrl: string;
  let hasCheckpoint = false;

  const submit = (body: string) => server.submit(server.token, body);
  /** Frames of a task until its end. */
  const watch = async (id: string, onFrame: (frame: Json) => void = () => {}): Promise<Json> => {
    await server.follow(server.token, `/api/v2/tasks/${id}/events?after=0`, ({ data }) => {
      onFrame(data);
      return false;
    });
    return (await server.ask(server.token, `GET /api/v2/tasks/${id}`)).json;
  };
  const loadHistory = async (task: Json): Promise<Json> =>
    JSON.parse(await (await fetch(`${workerUrl}/history/${task.prompt_id}`)).text());
  const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
  /** SHA-256 of the delivered files and of the files in ComfyUI's own output folder. */
  const hashBoth = async (task: Json) => {
    const history = await loadHistory(task);
    const outputs: Json[] = Object.values(history[task.prompt_id].outputs);
    const theirs = [];
    for (const file of outputs.flatMap(({ images = [] }) => images)) {
      const path = join('repoPath' in real ? real.repoPath : '', 'output', file.subfolder, file.filename);
      theirs.push(sha256(await readFile(path)));
    }
    const ours = [];
    for (const { index } of task.results) {
      const path = `/api/v2/tasks/${task.task_id}/download?index=${index}`;
      ours.push(sha256((await server.ask(server.token, `GET ${path}`)).bytes));
    }
    return { ours: ours.sort(), theirs: theirs.sort() };
  };
  const samplerGraph = (seed: string, steps: number) =>
    `{"3":{"class_type":"KSampler","inputs":{"seed":${seed},"steps":${steps},"cfg":7.0,"sampler_name":"euler","scheduler":"normal","denoise":1.0,"model":["4",0],"positive":["6",0],"negative":["7",0],"latent_image":["5",0]}},` +
    `"4":{"class_type":"CheckpointLoaderSimple","inputs":{"ckpt_name":"${CHECKPOINT}"}},"5":{"class_type":"EmptyLatentImage","inputs":{"width":64,"height":64,"batch_size":1}},` +
    '"6":{"class_type":"CLIPTextEncode","inputs":{"text":"a glass bottle on a beach","clip":["4",1]}},"7":{"class_type":"CLIPTextEncode","inputs":{"text":"text","clip":["4",1]}},' +
    '"8":{"class_type":"VAEDecode","inputs":{"samples":["3",0],"vae":["4",2]}},"9":{"class_type":"SaveImage","inputs":{"filename_prefix":"sampled","images":["8",0]}}}';

  beforeAll(async () => {
    if (real.missing !== undefined) return;
    server = await startServer({
      simulators: [],
      comfyui: { folder: real.repoPath, args: ['--cpu', '--preview-method', 'latent2rgb'] },
      environment: { ...process.env, COMFYUI_PYTHON: real.python },
    });
    const { workers } = (await server.ask(server.token, 'GET /api/fleet/workers')).json;
    workerUrl = workers[0].url;
    const info = await (await fetch(`${workerUrl}/object_info/CheckpointLoaderSimple`)).text();
    hasCheckpoint = info.includes(CHECKPOINT);
  }, 300_000);

  afterAll(async () => {
    expect(await server.stop()).toBe(0);
    await server.close();
  }, 60_000);

  test('the version is read from /system_stats', async () => {
    const { workers } = (await server.ask(server.token, 'GET /api/fleet/workers')).json;
    expect(workers[0]).toMatchObject({
      state: 'online',
      source: 'instance',
      comfyui_version: expect.stringMatching(/^0\.\d+\.\d+/),
    });
  });

  test('both workflows without a model deliver the bytes that ComfyUI wrote', async () => {
    const solid = await watch(
      await submit('{"workflow_name":"solid_color","parameters":{"width":128,"height":96}}'),
    );
    const pixel = Buffer.from(
      'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
      'base64',
    );
    const inverted = await watch(
      await submit(
        JSON.stringify({
          workflow_name: 'invert_image',
          parameters: { image: `data:image/png;base64,${pixel.toString('base64')}` },
        }),
      ),
    );
    expect([solid.status, inverted.status]).toEqual(['succeeded', 'succeeded']);
    for (const task of [solid, inverted]) {
      const { ours, theirs } = await hashBoth(task);
      expect(ours).toEqual(theirs);
      expect(ours).toHaveLength(1);
    }
  }, 60_000);

  test('twenty parallel tasks with different colours each get their own picture', async () => {
    const colours = Array.from({ length: 20 }, (_, index) => 1000 + index * 7919);
    const ids = await Promise.all(
      colours.map((color) =>
        submit(
          `{"graph":{"1":{"class_type":"EmptyImage","inputs":{"width":64,"height":64,"batch_size":1,"color":${color}}},"2":{"class_type":"SaveImage","inputs":{"filename_prefix":"parallel","images":["1",0]}}}}`,
        ),
      ),
    );
    const tasks = await Promise.all(ids.map((id) => watch(id)));
    expect(tasks.map((task) => task.status)).toEqual(Array(20).fill('succeeded'));
    const hashes = [];
    for (const [index, task] of tasks.entries()) {
      const { ours, theirs } = await hashBoth(task);
      expect(ours).toEqual(theirs);
      const history = await loadHistory(task);
      expect(history[task.prompt_id].prompt[2]['1'].inputs.color).toBe(colours[index]);
      hashes.push(ours[0]);
    }
    expect(new Set(hashes).size).toBe(20);
  }, 300_000);

  test('WF23 a seed of 2^64 − 1 is unchanged in the worker’s history, and steps and previews come in order', async (context) => {
    context.skip(!hasCheckpoint, `needs the checkpoint ${CHECKPOINT}`);
    const steps: number[] = [];
    const previews: string[] = [];
    const id = await submit(`{"graph":${samplerGraph(LARGEST_SEED, 20)}}`);
    const task = await watch(id, (frame) => {
      if (frame.kind === 'progress' && frame.progress.current_node === '3' && frame.progress.step !== null)
        steps.push(frame.progress.step);
      if (frame.kind === 'preview') previews.push(frame.preview.content_type);
    });
    expect(task.status).toBe('succeeded');
    const raw = await (await fetch(`${workerUrl}/history/${task.prompt_id}`)).text();
    expect(raw).toContain(`"seed": ${LARGEST_SEED}`);
    expect(steps).toEqual([...steps].sort((a, b) => a - b));
    expect(new Set(steps).size).toBeGreaterThanOrEqual(19);
    expect(previews.length).toBeGreaterThan(0);
    const { ours, theirs } = await hashBoth(task);
    expect(ours).toEqual(theirs);
  }, 300_000);

  test('WF23 the same seed through Comfy API v2 is unchanged too', async (context) => {
    context.skip(!hasCheckpoint, `needs the checkpoint ${CHECKPOINT}`);
    const body = `{"workflow":${samplerGraph(LARGEST_SEED, 1)}}`;
    const made = await server.ask(server.token, 'POST /api/v2/jobs', { body });
    expect(made.status).toBe(201);
    const task = await watch(made.json.id);
    expect(task.status).toBe('succeeded');
    const raw = await (await fetch(`${workerUrl}/history/${task.prompt_id}`)).text();
    expect(raw).toContain(`"seed": ${LARGEST_SEED}`);
  }, 300_000);

  test('a cancel at step 5 interrupts only that prompt', async (context) => {
    context.skip(!hasCheckpoint, `needs the checkpoint ${CHECKPOINT}`);
    const canceled = await submit(`{"graph":${samplerGraph('7', 20)}}`);
    const other = await submit(`{"graph":${samplerGraph('8', 3)}}`);
    let asked = false;
    const task = await watch(canceled, (frame) => {
      if (asked || frame.kind !== 'progress' || frame.progress.current_node !== '3') return;
      if ((frame.progress.step ?? 0) < 5) return;
      asked = true;
      void server.ask(server.token, `POST /api/v2/tasks/${canceled}/cancel`);
    });
    expect(asked).toBe(true);
    expect(task.status).toBe('canceled');
    const history = await loadHistory(task);
    expect(history[task.prompt_id].status.messages.at(-1)[0]).toBe('execution_interrupted');
    expect((await watch(other)).status).toBe('succeeded');
  }, 300_000);
});
