import type { Client, Json } from '@comfleet/test-kit/server';
import { expect, test } from 'vitest';
import { picture, slowPicture } from '../support/graphs.ts';
import { parseEvents } from './contract.ts';
import { outputOf, type Rig, sampledText } from './rig.ts';

export interface Actors {
  rig: Rig;
  alice: Client;
  bob: Client;
}

const hasEnded = ({ status }: Json) => status === 'succeeded';

/** Jobs from submission to their end. */
export function describeJobs(actors: () => Actors): void {
  test('a job is accepted, runs and shows its output with an absolute signed link', async () => {
    const { rig, alice } = actors();
    const made = await rig.ask(alice, 'POST /api/v2/jobs', { body: { workflow: picture() } });
    // It may have been claimed by the time the response is written.
    expect(['queued', 'running']).toContain(made.json.status);
    expect(made.json).toMatchObject({ outputs: [], error: null, completed_at: null });
    expect(made.headers.get('location')).toBe(`/api/v2/jobs/${made.json.id}`);
    const job = await rig.waitForJob(alice, made.json.id, hasEnded);
    expect(job.urls).toEqual({
      self: `/api/v2/jobs/${job.id}`,
      events: `/api/v2/jobs/${job.id}/events`,
      cancel: `/api/v2/jobs/${job.id}/cancel`,
    });
    expect(job.metrics).toEqual({ queue_ms: expect.any(Number), execution_ms: expect.any(Number) });
    expect(Date.parse(job.expires_at) - Date.parse(job.completed_at)).toBe(90 * 24 * 3_600_000);
    const output = outputOf(job);
    expect(output).toMatchObject({ node_id: '2', type: 'image', content_type: 'image/png', job_id: job.id });
    expect(output.url.startsWith(rig.server.url)).toBe(true);
    expect(Date.parse(output.url_expires_at)).toBeGreaterThan(Date.parse(job.completed_at));
    const shown = await fetch(output.url);
    expect((await shown.arrayBuffer()).byteLength).toBe(output.size_bytes);
    const asset = await rig.ask(alice, `GET /api/v2/assets/${output.id}`);
    expect(asset.json).toMatchObject({ hash: output.hash, job_id: job.id, expires_at: null });
  });

  test('WF23 a seed of 2^64 - 1 and 7.0 pass submission, storage, worker and workflow unchanged', async () => {
    const { rig, alice } = actors();
    const graph = sampledText('18446744073709551615', 2);
    const made = await rig.ask(alice, 'POST /api/v2/jobs', { body: `{"workflow": ${graph}}` });
    await rig.waitForJob(alice, made.json.id, hasEnded);
    const workflow = await rig.ask(alice, `GET /api/v2/jobs/${made.json.id}/workflow`);
    expect(workflow.text).toBe(`{"workflow":${graph},"format":"api"}`);
    const histories = await Promise.all(
      rig.server.simulators.map(async ({ url }) => (await fetch(`${url}/history`)).text()),
    );
    expect(histories.join()).toMatch(/"seed": 18446744073709551615,.*"cfg": 7\.0/);
  });

  test('the event stream tells status, progress, a preview and the output, then ends with the terminal status', async () => {
    const { rig, alice } = actors();
    const { json: job } = await rig.ask(alice, 'POST /api/v2/jobs', {
      body: `{"workflow": ${sampledText('7', 40)}}`,
    });
    const stream = await rig.ask(alice, `GET /api/v2/jobs/${job.id}/events`);
    const events = parseEvents(stream.text);
    const kinds = new Set(events.map(({ event }) => event));
    expect(kinds).toEqual(new Set(['status', 'progress', 'preview', 'output']));
    expect(events[0]?.event).toBe('status');
    expect(events.at(-1)).toMatchObject({ event: 'status', data: { status: 'succeeded' } });
    const final = await rig.ask(alice, `GET /api/v2/jobs/${job.id}`);
    const announced = events.filter(({ event }) => event === 'output').map(({ data }) => data['id']);
    expect(announced).toEqual(final.json.outputs.map(({ id }: { id: string }) => id));
    const preview = events.find(({ event }) => event === 'preview');
    expect(preview?.data['content_type']).toBe('image/jpeg');
    expect(Buffer.from(String(preview?.data['data_base64']), 'base64').subarray(0, 2)).toEqual(
      Buffer.from([0xff, 0xd8]),
    );
    const values = events
      .filter(({ event }) => event === 'progress')
      .map(({ data }) => Number(data['value']));
    expect(values).toEqual(values.toSorted((a, b) => a - b));
    expect(stream.text).not.toMatch(/^id:/m);
  });

  test('a stream of an ended job is its terminal status and nothing else', async () => {
    const { rig, alice } = actors();
    const job = await rig.submit(alice, picture());
    await rig.waitForJob(alice, job.id, hasEnded);
    const stream = await rig.ask(alice, `GET /api/v2/jobs/${job.id}/events`);
    expect(parseEvents(stream.text)).toEqual([
      { event: 'status', id: null, data: { status: 'succeeded', queue_position: null } },
    ]);
  });

  test('canceling a running job goes through canceling to canceled, and repeating it changes nothing', async () => {
    const { rig, alice } = actors();
    const job = await rig.submit(alice, slowPicture(60));
    await rig.waitForJob(alice, job.id, ({ progress }) => progress !== null);
    const cancel = `POST /api/v2/jobs/${job.id}/cancel`;
    const first = await rig.ask(alice, cancel);
    expect(['canceling', 'canceled']).toContain(first.json.status);
    const ended = await rig.waitForJob(alice, job.id, ({ status }) => status === 'canceled');
    expect(ended).toMatchObject({ outputs: [], error: null });
    const again = await rig.ask(alice, cancel, { body: 'not JSON' });
    expect(again.json).toEqual(ended);
  });

  test('canceling a job that has succeeded is a no-op', async () => {
    const { rig, alice } = actors();
    const job = await rig.submit(alice, picture());
    const ended = await rig.waitForJob(alice, job.id, hasEnded);
    const answer = await rig.ask(alice, `POST /api/v2/jobs/${job.id}/cancel`);
    expect([answer.json.status, answer.json.completed_at]).toEqual(['succeeded', ended.completed_at]);
  });

  test('a graph that fails on the worker shows node, class, message and traceback', async () => {
    const { rig, alice } = actors();
    const job = await rig.submit(alice, {
      ...picture(),
      '3': { class_type: 'TestSyncError', inputs: { value: ['1', 0] } },
      '2': { class_type: 'SaveImage', inputs: { images: ['3', 0], filename_prefix: 'x' } },
    });
    const failed = await rig.waitForJob(alice, job.id, ({ status }) => status === 'failed');
    expect(failed.error).toEqual({
      code: 'node_execution_error',
      message: 'RuntimeError: Intentional sync execution error for testing',
      node_id: '3',
      class_type: 'TestSyncError',
      traceback: expect.any(String),
    });
  });

  test('20 submissions at once with one Idempotency-Key make one job; the others are refused', async () => {
    const { rig, alice } = actors();
    const headers = { 'idempotency-key': 'at-once' };
    const body = { workflow: picture(72) };
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => rig.ask(alice, 'POST /api/v2/jobs', { body, headers })),
    );
    const statuses = answers.map(({ status }) => status).toSorted();
    expect(statuses).toEqual([201, ...Array.from({ length: 19 }, () => 422)]);
    const codes = answers.filter(({ status }) => status === 422).map(({ json }) => json.error.code);
    expect(new Set(codes)).toEqual(new Set(['idempotency_key_reuse']));
  });

  test('a used key is refused whatever comes with it; a failed submission leaves its key free', async () => {
    const { rig, alice, bob } = actors();
    const headers = { 'idempotency-key': 'used once' };
    const post = (client: Client, body: unknown) => rig.ask(client, 'POST /api/v2/jobs', { body, headers });
    const invalid = { workflow: { '1': { class_type: 'NoSuchNode', inputs: {} } } };
    expect((await post(alice, invalid)).json.error.code).toBe('invalid_workflow');
    expect((await post(alice, { workflow: picture() })).status).toBe(201);
    const bodies = [{ workflow: picture() }, { workflow: picture(80) }, invalid];
    for (const body of bodies) {
      const answer = await post(alice, body);
      expect([answer.status, answer.json.error.code]).toEqual([422, 'idempotency_key_reuse']);
      expect(answer.headers.get('idempotency-replayed')).toBeNull();
    }
    expect((await post(bob, { workflow: picture() })).status).toBe(201);
  });

  test('api_key_comfy_org reaches the worker with its prompt and is nowhere in what is answered', async () => {
    const { rig, alice } = actors();
    const secret = 'comfyui-canary-4711';
    const body = { workflow: slowPicture(60), extra_data: { api_key_comfy_org: secret } };
    const { json: job } = await rig.ask(alice, 'POST /api/v2/jobs', { body });
    await rig.waitForJob(alice, job.id, ({ progress }) => progress !== null);
    const queues = await Promise.all(
      rig.server.simulators.map(async ({ url }) => (await fetch(`${url}/queue`)).text()),
    );
    expect(queues.join()).toContain(secret);
    for (const path of ['', '/workflow'])
      expect((await rig.ask(alice, `GET /api/v2/jobs/${job.id}${path}`)).text).not.toContain(secret);
    await rig.ask(alice, `POST /api/v2/jobs/${job.id}/cancel`);
    await rig.waitForJob(alice, job.id, ({ status }) => status === 'canceled');
  });
}
