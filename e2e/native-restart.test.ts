import { type Client, type RunningServer, startServer } from '@comfleet/test-kit/server';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeOnDatabases } from './services/databases.ts';
import { picture, pictureForm, slowPicture } from './support/graphs.ts';

describeOnDatabases('the native door before and after a restart', (database) => {
  let rig: RunningServer;
  let ada: Client;

  beforeAll(async () => {
    rig = await startServer({ database });
    ada = await rig.register('ada', ['raw_graph']);
    await rig.run(ada.token, { graph: picture() });
  });
  afterAll(() => rig?.close());

  test('DB4 tasks, events, files, uploads, clients and their tokens are there after a restart', async () => {
    const task = await rig.run(ada.token, { graph: picture(71), name: 'kept' });
    const upload = await rig.ask(ada.token, 'POST /api/fleet/uploads', { body: pictureForm('kept.png') });
    const readAll = async () => ({
      task: await rig.ask(ada.token, `GET /api/v2/tasks/${task.task_id}`).then(({ json }) => ({
        ...json,
        // Links are signed again for each response.
        results: json.results.map(({ url: _url, ...result }: { url: string }) => result),
      })),
      total: (await rig.ask(ada.token, 'GET /api/v2/tasks')).json.total,
      events: (await rig.ask(ada.token, `GET /api/fleet/tasks/${task.task_id}/events`)).json,
      graph: (await rig.ask(ada.token, `GET /api/fleet/tasks/${task.task_id}/graph`)).json,
      file: (await rig.ask(ada.token, `GET /api/v2/tasks/${task.task_id}/download`)).bytes,
      upload: (await rig.ask(ada.token, `GET /api/fleet/assets/${upload.json.upload_id}/content`)).bytes,
      who: (await rig.ask(ada.token, 'GET /api/v2/auth/me')).json,
      clients: (await rig.ask(rig.token, 'GET /api/v2/admin/clients')).json,
    });
    const before = await readAll();
    await rig.restart();
    expect(await readAll()).toEqual(before);
    expect(before.task).toMatchObject({ name: 'kept', status: 'succeeded' });
  });

  test('TQ18 an idempotency key returns the same task after a restart, and a batch key the same batch', async () => {
    const headers = { 'idempotency-key': 'across' };
    const body = { graph: picture(72) };
    const tasks = [{ parameters: { width: 64, height: 64 } }];
    const batch = { workflow_name: 'solid_color', tasks };
    await rig.setMaintenance(true);
    const first = await rig.ask(ada.token, 'POST /api/v2/tasks', { body, headers });
    const firstBatch = await rig.ask(ada.token, 'POST /api/v2/batches', {
      body: batch,
      headers: { 'idempotency-key': 'across-batch' },
    });
    await rig.restart();
    const second = await rig.ask(ada.token, 'POST /api/v2/tasks', { body, headers });
    const secondBatch = await rig.ask(ada.token, 'POST /api/v2/batches', {
      body: batch,
      headers: { 'idempotency-key': 'across-batch' },
    });
    expect([second.status, second.json.task_id]).toEqual([200, first.json.task_id]);
    expect([secondBatch.status, secondBatch.json.batch_id]).toEqual([200, firstBatch.json.batch_id]);
    const other = await rig.ask(ada.token, 'POST /api/v2/tasks', { body: { graph: picture(73) }, headers });
    expect([other.status, other.json.error.code]).toEqual([409, 'IDEMPOTENCY_CONFLICT']);
    await rig.setMaintenance(false);
    expect((await rig.finish(ada.token, first.json.task_id)).attempt_count).toBe(1);
  });

  test('DB4 a task that runs while the server stops is resumed and executed once', async () => {
    const id = await rig.submit(ada.token, { graph: slowPicture(1) });
    await rig.follow(
      ada.token,
      `/api/v2/tasks/${id}/events`,
      (frame) => frame.data.event?.type === 'attempt.started',
    );
    await rig.restart();
    const task = await rig.finish(ada.token, id);
    expect([task.status, task.attempt_count]).toEqual(['succeeded', 1]);
    const runs = rig.simulators.flatMap(({ ledger }) =>
      ledger.lines().filter((line) => line.event === 'execution_start' && line.prompt_id === task.prompt_id),
    );
    expect(runs).toHaveLength(1);
  });

  test('BG6 a batch returns its id, its tasks in order, its counts and its progress', async () => {
    await rig.setMaintenance(true);
    const tasks = [64, 65, 66].map((width) => ({ parameters: { width, height: 64 }, name: `w${width}` }));
    const made = await rig.ask(ada.token, 'POST /api/v2/batches', {
      body: { workflow_name: 'solid_color', name: 'three', priority: 7, tasks },
    });
    expect(made.status, made.text).toBe(201);
    expect(made.json).toMatchObject({
      name: 'three',
      priority: 7,
      status: 'running',
      progress: 0,
      counts: { total: 3, waiting: 3, running: 0, succeeded: 0, failed: 0, canceled: 0, expired: 0 },
    });
    await rig.setMaintenance(false);
    for (const id of made.json.task_ids) await rig.finish(ada.token, id);
    const { json } = await rig.ask(ada.token, `GET /api/v2/batches/${made.json.batch_id}`);
    expect(json).toMatchObject({ status: 'finished', progress: 1, counts: { total: 3, succeeded: 3 } });
    expect(json.tasks.map((task: { name: string }) => task.name)).toEqual(['w64', 'w65', 'w66']);
    expect(json.tasks.map((task: { priority: number }) => task.priority)).toEqual([7, 7, 7]);
    expect(json.duration_seconds).toBe(Math.round(json.duration_seconds * 100) / 100);
    const listed = await rig.ask(ada.token, 'GET /api/v2/batches?limit=1');
    expect(listed.json.batches[0].batch_id).toBe(made.json.batch_id);
  });

  test('BG5 a paused batch starts nothing, stays paused across a restart, and resumes where it stopped', async () => {
    await rig.setMaintenance(true);
    const tasks = [64, 65, 66].map((width) => ({ parameters: { width, height: 64 } }));
    const made = await rig.ask(ada.token, 'POST /api/v2/batches', {
      body: { workflow_name: 'solid_color', tasks },
    });
    const path = `/api/v2/batches/${made.json.batch_id}`;
    const paused = await rig.ask(ada.token, `POST ${path}/pause`);
    expect(paused.json.status).toBe('paused');
    await rig.setMaintenance(false);
    // A task accepted later overtakes it: the workers are free.
    await rig.run(ada.token, { graph: picture(74) });
    await rig.restart();
    await rig.run(ada.token, { graph: picture(75) });
    const still = await rig.ask(ada.token, `GET ${path}`);
    expect([still.json.status, still.json.counts.succeeded]).toEqual(['paused', 0]);
    expect(still.json.tasks.map((task: { held_reason: string }) => task.held_reason)).toEqual(
      tasks.map(() => 'batch_paused'),
    );
    expect((await rig.ask(ada.token, `POST ${path}/resume`)).json.status).toBe('running');
    for (const id of made.json.task_ids) await rig.finish(ada.token, id);
    expect((await rig.ask(ada.token, `GET ${path}`)).json).toMatchObject({
      status: 'finished',
      counts: { succeeded: 3 },
    });
  });

  test('BG5 a canceled batch ends its waiting tasks and keeps what is done', async () => {
    const first = await rig.ask(ada.token, 'POST /api/v2/batches', {
      body: { graph: slowPicture(20), tasks: Array.from({ length: 6 }, () => ({})) },
    });
    expect(first.status, first.text).toBe(201);
    const canceled = await rig.ask(ada.token, `POST /api/v2/batches/${first.json.batch_id}/cancel`);
    expect(canceled.json.status).toBe('canceled');
    for (const id of first.json.task_ids) expect((await rig.finish(ada.token, id)).status).toBe('canceled');
    const after = await rig.ask(ada.token, `GET /api/v2/batches/${first.json.batch_id}`);
    expect(after.json.counts).toMatchObject({ total: 6, canceled: 6, running: 0, waiting: 0 });
  });
});
