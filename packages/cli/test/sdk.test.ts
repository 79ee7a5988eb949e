import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StreamFrame } from '@comfleet/contract';
import { Comfleet, type ComfleetError, type LiveConnection } from '@comfleet/sdk';
import { startUp } from '@comfleet/server';
import * as simulator from '@comfleet/simulator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

let dataDir: string;
let comfleet: Comfleet;
let credential: { url: string; token: string; client_id: string; client_secret: string };
let stopped: Promise<number>;
const stop = new AbortController();

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'comfleet-sdk-test-'));
  await new Promise<void>((resolve, reject) => {
    stopped = startUp({
      dataDir,
      port: 0,
      workers: [],
      simulated: { count: 2, module: simulator },
      language: 'en',
      print: (line) => {
        if (line.includes('code=')) resolve();
      },
      environment: {},
      signal: stop.signal,
    });
    stopped.then((code) => reject(new Error(`ended with ${code}`)), reject);
  });
  credential = JSON.parse(await readFile(join(dataDir, 'credential.json'), 'utf8')) as typeof credential;
  comfleet = new Comfleet({ url: credential.url, token: credential.token });
});

afterAll(async () => {
  stop.abort();
  await stopped;
  await rm(dataDir, { recursive: true });
});

const SAMPLER = { workflow_name: 'sdxl_basic', parameters: { prompt: 'a cat', steps: 4 } };
const SEED = '18446744073709551615';

describe('tasks of a real server', () => {
  it('runs a workflow, shows its progress and downloads the picture', async () => {
    const frames: StreamFrame[] = [];

    const task = await comfleet.tasks.run(SAMPLER, { onFrame: (frame) => frames.push(frame) });
    const download = await comfleet.tasks.download(task.task_id, { index: 0 });

    expect((await download.bytes()).length).toBe(task.results[0]?.size_bytes);
    expect(download.contentType).toBe('image/png');
    const kinds = new Set(frames.map((frame) => frame.kind));
    expect([kinds.has('progress'), kinds.has('event')]).toEqual([true, true]);
    expect(frames.at(-1)).toMatchObject({ kind: 'event', event: { type: 'task.succeeded' } });
  });

  it('CL14 makes one task for one key, however often it is sent', async () => {
    const first = await comfleet.tasks.submit(SAMPLER, { idempotencyKey: 'sdk-key' });
    const second = await comfleet.tasks.submit(SAMPLER, { idempotencyKey: 'sdk-key' });
    const conflict = await comfleet.tasks
      .submit({ ...SAMPLER, priority: 9 }, { idempotencyKey: 'sdk-key' })
      .catch((error: unknown) => error as ComfleetError);

    expect(second.task_id).toBe(first.task_id);
    expect(conflict).toMatchObject({ code: 'IDEMPOTENCY_CONFLICT', status: 409 });
  });

  it('WF23 brings a raw graph’s seed to the worker as written', async () => {
    const source = await comfleet.tasks.run(SAMPLER);
    const text = (await comfleet.tasks.loadGraphText(source.task_id)).replace(
      /"seed":\s*\d+/,
      `"seed":${SEED}`,
    );

    const task = await comfleet.tasks.run({ rawGraph: text });

    expect(await comfleet.tasks.loadGraphText(task.task_id)).toContain(`"seed":${SEED}`);
    const worker = await comfleet.workers.load(task.worker_id ?? '');
    const history = await (await fetch(`${worker.url}/history/${task.prompt_id}`)).text();
    expect(history).toMatch(new RegExp(`"seed":\\s*${SEED}`));
  });

  it('resumes the stream of a task after a number', async () => {
    const task = await comfleet.tasks.run(SAMPLER);
    const events = await comfleet.tasks.events(task.task_id);
    const resumed: StreamFrame[] = [];

    for await (const frame of comfleet.tasks.watch(task.task_id, { after: 2 })) resumed.push(frame);

    expect(events.map((event) => event.number)).toEqual(events.map((_event, index) => index + 1));
    expect(resumed.length).toBeGreaterThan(0);
    expect(resumed.flatMap((f) => (f.kind === 'event' ? [f.event.number] : [])).every((n) => n > 2)).toBe(
      true,
    );
  });

  it('cancels a running task, which ends its watch', async () => {
    const { task_id: id } = await comfleet.tasks.submit({
      ...SAMPLER,
      parameters: { prompt: 'x', steps: 100 },
    });
    let last: StreamFrame | null = null;
    for await (const frame of comfleet.tasks.watch(id)) {
      last = frame;
      if (frame.kind === 'event' && frame.event.type === 'attempt.started') await comfleet.tasks.cancel(id);
    }

    expect(last).toMatchObject({ kind: 'event', event: { type: 'task.canceled' } });
    expect((await comfleet.tasks.status(id)).status).toBe('canceled');
  });

  it('repeats a task with its seed and lists it', async () => {
    const task = await comfleet.tasks.run(SAMPLER);
    const again = await comfleet.tasks.retry(task.task_id);
    for await (const frame of comfleet.tasks.watch(again.task_id)) expect(frame.kind).not.toBe('unknown');

    expect((await comfleet.tasks.load(again.task_id)).seed).toBe(task.seed);
    const listed: string[] = [];
    for await (const entry of comfleet.tasks.each({ limit: 1, status: 'completed' }))
      listed.push(entry.task_id);
    expect(listed).toEqual(expect.arrayContaining([task.task_id, again.task_id]));
  });

  it('takes the flat routes', async () => {
    const submitted = await comfleet.tasks.submitFlat('text-to-image-sdxl', { prompt: 'a cat', steps: 2 });

    expect(submitted.status).toMatch(/^(held|queued|running)$/);
  });
});

describe('the rest of a real server', () => {
  it('uploads a picture, uses it, and reads it back', async () => {
    const picture = await comfleet.tasks.run({ workflow_name: 'solid_color', parameters: { color: 255 } });
    const bytes = await (await comfleet.tasks.download(picture.task_id)).bytes();
    const upload = await comfleet.uploads.create(new Uint8Array(bytes), 'blue.png');
    const { parameters } = await comfleet.workflows.load('invert_image');
    const image = parameters.find((parameter) => parameter.data_type === 'image')?.name ?? 'image';

    const inverted = await comfleet.tasks.run({
      workflow_name: 'invert_image',
      parameters: { [image]: upload.upload_id },
    });

    expect(inverted.results).toHaveLength(1);
    expect(await (await comfleet.uploads.download(upload.upload_id)).bytes()).toEqual(bytes);
    expect((await comfleet.uploads.list()).map((entry) => entry.upload_id)).toContain(upload.upload_id);
    expect((await comfleet.uploads.load(upload.upload_id)).name).toBe('blue.png');
  });

  it('follows a batch to its last item', async () => {
    const batch = await comfleet.batches.submit({
      workflow_name: 'sdxl_basic',
      parameters: { steps: 1 },
      descriptions: ['a', 'b'],
      images_per_description: 2,
    });
    for await (const frame of comfleet.batches.watch(batch.batch_id)) expect(frame.kind).not.toBe('unknown');

    const ended = await comfleet.batches.load(batch.batch_id);
    expect([ended.counts.succeeded, ended.status]).toEqual([4, 'finished']);
    expect((await comfleet.batches.list()).batches.map((b) => b.batch_id)).toContain(batch.batch_id);
  });

  it('pauses, resumes and cancels a batch', async () => {
    const batch = await comfleet.batches.submit({
      workflow_name: 'sdxl_basic',
      parameters: { prompt: 'x', steps: 60 },
      tasks: Array.from({ length: 8 }, () => ({})),
    });

    expect((await comfleet.batches.pause(batch.batch_id)).status).toBe('paused');
    expect((await comfleet.batches.resume(batch.batch_id)).status).toBe('running');
    await comfleet.batches.cancel(batch.batch_id);
    for await (const frame of comfleet.batches.watch(batch.batch_id)) expect(frame.kind).not.toBe('unknown');
    expect((await comfleet.batches.load(batch.batch_id)).status).toBe('canceled');
  });

  it('reads configuration, health, workers and workflows', async () => {
    const config = await comfleet.service.config();
    const worker = (await comfleet.workers.list())[0];

    expect(config.languages).toEqual(['en', 'zh']);
    expect((await comfleet.service.health()).services.database?.status).toBe('ok');
    expect((await comfleet.workers.check(worker?.worker_id ?? '')).name).toBe(worker?.name);
    expect((await comfleet.workflows.validate('solid_color', { width: 1 })).valid).toBe(false);
    expect((await comfleet.service.reloadWorkflows()).errors).toEqual([]);
  });

  it('takes a worker out of service and back', async () => {
    const [, worker] = await comfleet.workers.list();
    const id = worker?.worker_id ?? '';

    expect((await comfleet.workers.override(id, { maintenance: true })).state).toBe('maintenance');
    expect((await comfleet.workers.override(id, { maintenance: false })).state).not.toBe('maintenance');
  });

  it('signs in with a client’s id and secret, which sees its own tasks only', async () => {
    const made = await comfleet.clients.register('sdk test');
    const { client_id: clientId, client_secret: clientSecret } = made;
    const other = new Comfleet({ url: credential.url, clientId, clientSecret });

    expect((await other.auth.me()).name).toBe('sdk test');
    expect((await other.tasks.list()).total).toBe(0);
    await expect(other.tasks.submit({ rawGraph: '{}' })).rejects.toMatchObject({ status: 403 });
    expect((await comfleet.clients.grant(clientId, ['raw_graph'])).grants).toEqual(['raw_graph']);
    expect((await comfleet.clients.revoke(clientId)).revoked_at).not.toBe(null);
    await expect(other.auth.me()).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
  });

  it('PR5 shows a task on the live socket', async () => {
    const { task_id: id } = await comfleet.tasks.submit(SAMPLER);
    let live: LiveConnection | null = null;
    const ended = new Promise<string>((resolve, reject) => {
      live = comfleet.connectLive({
        onError: reject,
        onFrame: (frame) => {
          if (frame.kind === 'event' && frame.event.type === 'task.succeeded') resolve(frame.event.task_id);
          if (frame.kind === 'snapshot' && frame.task.status === 'succeeded') resolve(frame.task.task_id);
        },
      });
      live.watchTask(id);
    });

    expect(await ended).toBe(id);
    (live as LiveConnection | null)?.close();
  });

  it('CL8 shows open tasks', async () => {
    const { task_id: id } = await comfleet.tasks.submit({
      ...SAMPLER,
      parameters: { prompt: 'x', steps: 50 },
    });

    expect((await comfleet.service.pendingTasks()).map((task) => task.task_id)).toContain(id);
    expect((await comfleet.service.checkTask(id)).task_id).toBe(id);
    await comfleet.tasks.cancel(id);
  });
});
