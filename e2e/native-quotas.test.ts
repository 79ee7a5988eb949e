import { type Client, type RunningServer, startServer } from '@comfleet/test-kit/server';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeOnDatabases } from './services/databases.ts';
import { picture } from './support/graphs.ts';

const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);
const SUBMITTERS = 20;

describeOnDatabases('quotas', (database) => {
  let rig: RunningServer;
  let admin = '';

  beforeAll(async () => {
    rig = await startServer({ database, config: { time_zone: 'Asia/Shanghai' } });
    admin = (await rig.register('admin', ['admin'])).token;
    // What is submitted waits.
    await rig.setMaintenance(true);
  });
  afterAll(() => rig?.close());

  async function join(name: string, limits: object): Promise<Client> {
    const client = await rig.register(name, ['raw_graph']);
    const set = await rig.ask(admin, `PUT /api/v2/admin/quotas/${client.id}`, { body: limits });
    expect(set.json).toMatchObject({ subject: { kind: 'client', name }, limits });
    return client;
  }
  const submit = ({ token }: Client, width: number, headers = {}) =>
    rig.ask(token, 'POST /api/v2/tasks', { body: { graph: picture(width) }, headers });
  const submitBatch = ({ token }: Client, count: number) => {
    const tasks = Array.from({ length: count }, () => ({}));
    return rig.ask(token, 'POST /api/v2/batches', { body: { graph: picture(8), tasks } });
  };
  const countTasks = async ({ token }: Client): Promise<number> =>
    (await rig.ask(token, 'GET /api/v2/tasks?limit=1')).json.total;
  const readUse = async ({ token }: Client, quota: string) => {
    const { json } = await rig.ask(token, 'GET /api/v2/usage');
    return json.quotas.find((one: { quota: string }) => one.quota === quota);
  };

  test('AU10 of 20 submitters at once exactly as many tasks are accepted as the day allows', async () => {
    const client = await join('busy', { tasks_per_day: 70 });
    const statuses: number[] = [];
    const work = async (submitter: number) => {
      for (let turn = 0; turn < 5; turn += 1) {
        // Every fourth sends batches of three.
        const answer = submitter % 4 === 0 ? submitBatch(client, 3) : submit(client, 64 + submitter);
        statuses.push((await answer).status);
      }
    };
    await Promise.all(Array.from({ length: SUBMITTERS }, (_, submitter) => work(submitter)));

    // What a refused batch of three left over is for single tasks.
    while ((await submit(client, 64)).status === 201) statuses.push(201);
    expect(await countTasks(client)).toBe(70);
    expect(await readUse(client, 'tasks_per_day')).toMatchObject({ limit: 70, used: 70, source: 'own' });
    expect([...new Set(statuses)].sort()).toEqual([201, 429]);
  });

  test('AU10 a refusal says which quota of whom, and when it begins again; a batch is accepted whole or not at all', async () => {
    const client = await join('batches', { tasks_per_day: 4 });
    await submitBatch(client, 3);
    const refused = await submitBatch(client, 2);
    const { error } = refused.json;
    const resetsAt = Date.parse(error.details.resets_at);

    expect([refused.status, error.code]).toEqual([429, 'QUOTA_EXCEEDED']);
    expect(error.details).toMatchObject({
      ...{ quota: 'tasks_per_day', whose: 'client', limit: 4, used: 3, asked: 2 },
      message_text: { code: 'quota.tasks_per_day', params: { limit: 4 } },
    });
    // Midnight in Shanghai is four in the afternoon in Greenwich.
    expect(new Date(resetsAt).toISOString()).toMatch(/T16:00:00\.000Z$/);
    expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(86_400);
    expect(await countTasks(client)).toBe(3);
    expect((await submit(client, 64)).status).toBe(201);
  });

  test('AU10 what is repeated, invalid or only asked for does not count', async () => {
    const client = await join('careful', { tasks_per_day: 2 });
    const headers = { 'idempotency-key': 'once' };
    await submit(client, 64, headers);
    const repeated = await submit(client, 64, headers);
    const wrong = await rig.ask(client.token, 'POST /api/v2/tasks', { body: { graph: {} } });

    expect([repeated.status, wrong.status < 500]).toEqual([200, true]);
    expect(await readUse(client, 'tasks_per_day')).toMatchObject({ used: 1 });
    expect((await submit(client, 64)).status).toBe(201);
  });

  test('ST6 AU10 as many tasks wait as may; those that are canceled make room at once', async () => {
    const client = await join('patient', { tasks_waiting: 25 });
    const first = await Promise.all(Array.from({ length: 60 }, () => submit(client, 64)));
    const accepted = first.filter(({ status }) => status === 201);
    expect(accepted).toHaveLength(25);
    for (const { json } of accepted.slice(0, 10))
      await rig.ask(client.token, `DELETE /api/v2/tasks/${json.task_id}`);

    const second = await Promise.all(Array.from({ length: 40 }, () => submit(client, 64)));
    expect(second.filter(({ status }) => status === 201)).toHaveLength(10);
  });

  test('AU10 a project has a quota of its own, for all its members together', async () => {
    const owner = await rig.register('director', ['raw_graph']);
    const member = await rig.register('artist', ['raw_graph']);
    const { project_id: id } = (await rig.ask(owner.token, 'POST /api/projects', { body: { name: 'Film' } }))
      .json;
    await rig.ask(owner.token, `PUT /api/projects/${id}/members`, {
      body: { member: member.id, role: 'editor' },
    });
    await rig.ask(admin, `PUT /api/v2/admin/quotas/${id}`, { body: { tasks_total: 12 } });
    const send = ({ token }: Client) =>
      rig.ask(token, 'POST /api/v2/tasks', { body: { graph: picture(64), project_id: id } });
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, turn) => send(turn % 2 ? owner : member)),
    );

    expect(answers.filter(({ status }) => status === 201)).toHaveLength(12);
    const refused = answers.find(({ status }) => status === 429);
    expect(refused?.json.error.details).toMatchObject({ quota: 'tasks_total', whose: 'project', limit: 12 });
    expect((await submit(owner, 64)).status).toBe(201);
    const usage = (await rig.ask(member.token, `GET /api/v2/usage?project_id=${id}`)).json;
    expect(usage.subject).toEqual({ kind: 'project', id, name: 'Film' });
    expect(usage.days.at(-1).tasks).toBe(12);
  });

  test('AU10 uploads of a day and stored bytes are limited, however many arrive at once', async () => {
    const client = await join('uploader', { upload_bytes_per_day: 600 });
    const upload = () => {
      const body = new FormData();
      body.append('file', new Blob([new Uint8Array(PNG)], { type: 'image/png' }), 'a.png');
      return rig.ask(client.token, 'POST /api/fleet/uploads', { body });
    };
    const answers = await Promise.all(Array.from({ length: 20 }, upload));
    const stored = answers.filter(({ status }) => status === 201).length;
    // The form around a file counts until its size is known.
    while ((await upload()).status === 201);

    expect(stored).toBeGreaterThan(0);
    const used = await readUse(client, 'upload_bytes_per_day');
    expect(used.used).toBeLessThanOrEqual(600);
    expect(used.used % PNG.length).toBe(0);
    await rig.ask(admin, `PUT /api/v2/admin/quotas/${client.id}`, { body: { stored_bytes: PNG.length } });
    expect((await submit(client, 64)).json.error.details).toMatchObject({ quota: 'stored_bytes' });
  });

  test('AU10 limits are listed, changed and reset by admins alone', async () => {
    const client = await join('changed', { tasks_per_day: 1, tasks_running: 3 });
    await rig.ask(admin, `PUT /api/v2/admin/quotas/${client.id}`, { body: { tasks_per_day: null } });
    const { overrides } = (await rig.ask(admin, 'GET /api/v2/admin/quotas')).json;
    const own = overrides.find((one: { subject: { id: string } }) => one.subject.id === client.id);

    expect(own).toMatchObject({ limits: { tasks_per_day: null, tasks_running: 3 }, changed_by: 'admin' });
    expect((await rig.ask(client.token, `DELETE /api/v2/admin/quotas/${client.id}`)).status).toBe(403);
    expect((await rig.ask(admin, `DELETE /api/v2/admin/quotas/${client.id}`)).status).toBe(204);
    expect(await readUse(client, 'tasks_running')).toMatchObject({ limit: null, source: 'default' });
    expect((await rig.ask(admin, 'PUT /api/v2/admin/quotas/nobody', { body: {} })).status).toBe(404);
  });
});
