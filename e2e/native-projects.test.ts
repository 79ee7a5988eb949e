import { type Client, type RunningServer, startServer } from '@comfleet/test-kit/server';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeOnDatabases } from './services/databases.ts';
import { picture } from './support/graphs.ts';
import { LiveClient } from './support/live-client.ts';

describeOnDatabases('projects and their members', (database) => {
  let rig: RunningServer;
  let owner: Client;
  let editor: Client;
  let viewer: Client;
  let stranger: Client;
  let project = '';

  beforeAll(async () => {
    rig = await startServer({ database });
    owner = await rig.register('owner', ['raw_graph']);
    editor = await rig.register('editor', ['raw_graph']);
    viewer = await rig.register('viewer', ['raw_graph']);
    stranger = await rig.register('stranger', ['raw_graph']);
    project = (await rig.ask(owner.token, 'POST /api/projects', { body: { name: 'Film' } })).json.project_id;
    await setRole(editor, 'editor');
    await setRole(viewer, 'viewer');
  });
  afterAll(() => rig?.close());

  const setRole = (member: Client, role: string) =>
    rig.ask(owner.token, `PUT /api/projects/${project}/members`, { body: { member: member.id, role } });
  const endRole = (member: Client) =>
    rig.ask(owner.token, `DELETE /api/projects/${project}/members/${member.id}`);
  const statusFor = async (client: Client, route: string, body?: object) =>
    (await rig.ask(client.token, route, body && { body })).status;
  const statuses = (route: string) =>
    Promise.all([owner, editor, viewer, stranger].map((client) => statusFor(client, route)));

  test('API20 each lists its own projects, with its role', async () => {
    const roles = await Promise.all(
      [owner, editor, viewer, stranger].map(async ({ token }) => {
        const { json } = await rig.ask(token, 'GET /api/projects');
        return json.projects.map(({ name, role }: { name: string; role: string }) => [name, role]);
      }),
    );
    expect(roles).toEqual([[['Film', 'owner']], [['Film', 'editor']], [['Film', 'viewer']], []]);
    const { members } = (await rig.ask(viewer.token, `GET /api/projects/${project}/members`)).json;
    expect(members.map((one: { name: string; role: string }) => [one.name, one.role])).toEqual([
      ['owner', 'owner'],
      ['editor', 'editor'],
      ['viewer', 'viewer'],
    ]);
    expect(await statusFor(stranger, `GET /api/projects/${project}/members`)).toBe(404);
  });

  test('AU7 members see the tasks, results and batches of their project; to all others they are unknown', async () => {
    const task = await rig.run(editor.token, { graph: picture(), project_id: project });
    const batch = await rig.ask(editor.token, 'POST /api/v2/batches', {
      body: { graph: picture(), tasks: [{ name: 'one' }], project_id: project },
    });
    const { batch_id: batchId } = batch.json;
    await rig.follow(editor.token, `/api/v2/batches/${batchId}/events`);
    const upload = task.results[0].url.replace(rig.url, '').split('?')[0];
    for (const route of [
      `GET /api/v2/tasks/${task.task_id}`,
      `GET /api/v2/tasks/${task.task_id}/download`,
      `GET /api/fleet/tasks/${task.task_id}/placement`,
      `GET /api/v2/batches/${batchId}`,
      `GET ${upload}`,
    ])
      expect([route, await statuses(route)]).toEqual([route, [200, 200, 200, 404]]);
    const lists = await Promise.all(
      [owner, viewer, stranger].map(async ({ token }) => [
        (await rig.ask(token, `GET /api/v2/tasks?project_id=${project}`)).json.total,
        (await rig.ask(token, `GET /api/v2/batches?project_id=${project}`)).json.batches.length,
      ]),
    );
    expect(lists).toEqual([
      [2, 1],
      [2, 1],
      [0, 0],
    ]);
  });

  test('AU5 owner and editors run, cancel and repeat tasks in it; a viewer only sees, a stranger knows nothing', async () => {
    await rig.setMaintenance(true);
    const body = { graph: picture(70), project_id: project };
    expect(await statusFor(viewer, 'POST /api/v2/tasks', body)).toBe(403);
    expect(await statusFor(stranger, 'POST /api/v2/tasks', body)).toBe(404);
    const id = await rig.submit(owner.token, body);
    const cancel = `DELETE /api/v2/tasks/${id}`;
    const refused = await rig.ask(viewer.token, cancel);
    expect([refused.status, refused.json.error.code]).toEqual([403, 'PROJECT_READ_ONLY']);
    expect(await statusFor(stranger, cancel)).toBe(404);
    expect(await statusFor(editor, cancel)).toBe(200);
    const again = await rig.ask(editor.token, `POST /api/v2/tasks/${id}/retry`);
    expect(again.status).toBe(201);
    const { json } = await rig.ask(viewer.token, `GET /api/v2/tasks/${again.json.task_id}`);
    expect([json.owner_id, json.project_id]).toEqual([editor.id, project]);
    await rig.ask(editor.token, `DELETE /api/v2/tasks/${again.json.task_id}`);
    await rig.setMaintenance(false);
  });

  test('AU5 only owner and admin change a project and its members; the refusal has the documented fields', async () => {
    const rename = `PATCH /api/projects/${project}`;
    const refused = await rig.ask(editor.token, rename, { body: { name: 'Mine' } });
    expect([refused.status, refused.json]).toEqual([
      403,
      {
        error: {
          code: 'NOT_PROJECT_OWNER',
          message: expect.any(String),
          details: { project_id: project },
        },
        request_id: expect.any(String),
        code: 403,
        msg: '无操作权限',
      },
    ]);
    const add = { member: stranger.id, role: 'viewer' };
    expect(await statusFor(editor, `PUT /api/projects/${project}/members`, add)).toBe(403);
    expect(await statusFor(editor, `DELETE /api/projects/${project}`)).toBe(403);
    expect(await statusFor(stranger, rename, { name: 'Mine' })).toBe(404);
    expect((await rig.ask(rig.token, rename, { body: { name: 'Film 2' } })).json.name).toBe('Film 2');
    expect(await statusFor(owner, rename, { name: 'Film' })).toBe(200);
  });

  test('SE6 whoever is no longer a member loses streams of its tasks within a second, and sees nothing more', async () => {
    await rig.setMaintenance(true);
    const live = await LiveClient.open(rig.url, viewer.token);
    const id = await rig.submit(editor.token, { graph: picture(90), project_id: project });
    live.send({ type: 'watch_task', task_id: id });
    await live.waitFor((message) => message.frame?.kind === 'snapshot');
    let isOpen = (_value: unknown) => {};
    const opened = new Promise((resolve) => {
      isOpen = resolve;
    });
    const stream = rig.follow(viewer.token, `/api/v2/tasks/${id}/events`, (frame) => {
      isOpen(frame);
      return false;
    });
    await opened;
    const startedMs = performance.now();
    expect((await endRole(viewer)).status).toBe(204);
    await Promise.all([live.closed, stream]);
    expect(performance.now() - startedMs).toBeLessThan(1000);
    expect(await statusFor(viewer, `GET /api/v2/tasks/${id}`)).toBe(404);
    await setRole(viewer, 'viewer');
    expect(await statusFor(viewer, `GET /api/v2/tasks/${id}`)).toBe(200);
    await rig.ask(owner.token, `DELETE /api/v2/tasks/${id}`);
    await rig.setMaintenance(false);
  });

  test('PR5 an open socket watches tasks of a project that its client joins, until it is removed again', async () => {
    const { token, id: memberId } = await rig.register('joins later');
    await rig.setMaintenance(true);
    const id = await rig.submit(owner.token, { graph: picture(95), project_id: project });
    const live = await LiveClient.open(rig.url, token);
    live.send({ type: 'watch_task', task_id: id });
    await live.waitFor(({ error }) => error?.code === 'TASK_NOT_FOUND');
    await rig.ask(owner.token, `PUT /api/projects/${project}/members`, {
      body: { member: memberId, role: 'viewer' },
    });
    live.send({ type: 'watch_task', task_id: id });
    await live.waitFor(({ frame }) => frame?.kind === 'snapshot' && frame.task.task_id === id);
    await rig.ask(owner.token, `DELETE /api/projects/${project}/members/${memberId}`);
    await live.closed;
    await rig.ask(owner.token, `DELETE /api/v2/tasks/${id}`);
    await rig.setMaintenance(false);
  });

  test('PR5 a member follows what others run in its project', async () => {
    const live = await LiveClient.open(rig.url, owner.token);
    live.send({ type: 'watch_own' });
    const { task_id: id } = await rig.run(editor.token, { graph: picture(91), project_id: project });
    await live.waitFor(({ frame }) => frame?.event?.type === 'task.succeeded' && frame.task.task_id === id);
    const ends = live.frames('event').filter(({ event }) => event.type === 'task.succeeded');
    expect(ends).toHaveLength(1);
    live.close();
  });

  test('AU5 a key changes no members, and a member may leave', async () => {
    const made = await rig.ask(owner.token, 'POST /api/v2/auth/keys', { body: { name: 'robot' } });
    const byKey = await rig.ask(made.json.key, `PUT /api/projects/${project}/members`, {
      body: { member: stranger.id, role: 'viewer' },
    });
    expect(byKey.status).toBe(403);
    expect((await setRole(stranger, 'viewer')).status).toBe(200);
    expect(await statusFor(stranger, `DELETE /api/projects/${project}/members/${stranger.id}`)).toBe(204);
    expect(await statusFor(stranger, `GET /api/projects/${project}`)).toBe(404);
  });

  test('a deleted project is unknown, and its tasks stay with their owners', async () => {
    const made = await rig.ask(owner.token, 'POST /api/projects', { body: { name: 'Short' } });
    const { project_id: id } = made.json;
    await rig.ask(owner.token, `PUT /api/projects/${id}/members`, {
      body: { member: editor.id, role: 'editor' },
    });
    const { task_id: taskId } = await rig.run(editor.token, { graph: picture(92), project_id: id });
    expect(await statusFor(owner, `DELETE /api/projects/${id}`)).toBe(204);
    const read = `GET /api/v2/tasks/${taskId}`;
    expect([await statusFor(owner, read), await statusFor(editor, read)]).toEqual([404, 200]);
    expect(await statusFor(owner, `GET /api/projects/${id}`)).toBe(404);
  });
});
