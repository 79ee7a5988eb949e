import { type Client, type RunningServer, startServer } from '@comfleet/test-kit/server';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeOnDatabases } from './services/databases.ts';
import { picture } from './support/graphs.ts';

const FOREIGN_ID = '01900000-0000-7000-8000-000000000001';

describeOnDatabases('projects under misuse', (database) => {
  let rig: RunningServer;
  let owner: Client;
  let editor: Client;
  let viewer: Client;
  let project = '';

  beforeAll(async () => {
    rig = await startServer({ database });
    owner = await rig.register('owner', ['raw_graph']);
    editor = await rig.register('editor', ['raw_graph']);
    viewer = await rig.register('viewer', ['raw_graph']);
    project = await createProject('Film');
    await setRole(project, editor.id, 'editor');
    await setRole(project, viewer.id, 'viewer');
  });
  afterAll(() => rig?.close());

  const createProject = async (name: string) =>
    (await rig.ask(owner.token, 'POST /api/projects', { body: { name } })).json.project_id;
  const setRole = (id: string, member: string, role: string) =>
    rig.ask(owner.token, `PUT /api/projects/${id}/members`, { body: { member, role } });
  const outcome = async (token: string, route: string, body?: object) => {
    const { status, json } = await rig.ask(token, route, body && { body });
    return [status, json?.error?.code];
  };

  test('AU7 ids of others, of other kinds and no ids at all are unknown projects and members', async () => {
    const { token } = await rig.register('stranger', ['raw_graph']);
    const other = await createProject('Other');
    for (const id of [other, FOREIGN_ID, owner.id, 'film', '..%2Fkeys', `${other.toUpperCase()}x`])
      expect([id, await outcome(token, `GET /api/projects/${id}`)]).toEqual([id, [404, 'PROJECT_NOT_FOUND']]);
    for (const member of [FOREIGN_ID, project, 'nobody', 'local', ' '])
      expect([member, (await setRole(project, member, 'viewer')).json.error.code]).toEqual([
        member,
        'MEMBER_NOT_FOUND',
      ]);
    for (const member of [FOREIGN_ID, 'editor', project])
      expect(await outcome(owner.token, `DELETE /api/projects/${project}/members/${member}`)).toEqual([
        404,
        'MEMBER_NOT_FOUND',
      ]);
  });

  test('AU5 the owner stays a member, whoever asks', async () => {
    expect((await setRole(project, owner.id, 'viewer')).status).toBe(409);
    const route = `DELETE /api/projects/${project}/members/${owner.id}`;
    expect(await outcome(owner.token, route)).toEqual([409, 'CONFLICT']);
    expect(await outcome(rig.token, route)).toEqual([409, 'CONFLICT']);
  });

  test.each([['a\u0000b'], ['two\nlines'], ['\u202egnp.exe'], ['half \ud83d'], [' \t '], ['x'.repeat(101)]])(
    'the name %j is refused',
    async (name) => {
      expect(await outcome(owner.token, 'POST /api/projects', { name })).toEqual([400, 'INVALID_REQUEST']);
      expect(await outcome(owner.token, `PATCH /api/projects/${project}`, { name })).toEqual([
        400,
        'INVALID_REQUEST',
      ]);
    },
  );

  test.each(['👩‍👩‍👧 Familie', '電影 %2F/..', '<b>"\'; drop table project --', '__proto__'])(
    'RS14 the name %j is kept as it is, and names no folder',
    async (name) => {
      const id = await createProject(name);
      expect((await rig.ask(owner.token, `GET /api/projects/${id}`)).json.name).toBe(name);
      const before = await rig.run(owner.token, { graph: picture(), project_id: id });
      await rig.ask(owner.token, `PATCH /api/projects/${id}`, { body: { name: 'renamed' } });
      const after = await rig.run(owner.token, { graph: picture(), project_id: id });
      const names = (await rig.ask(owner.token, `GET /api/v2/tasks?project_id=${id}`)).json.tasks;
      expect(names.map(({ task_id }: { task_id: string }) => task_id)).toEqual([
        after.task_id,
        before.task_id,
      ]);
    },
  );

  test('two changes at the same moment both count, and an empty one changes nothing', async () => {
    const id = await createProject('before');
    const change = (body: object) => rig.ask(owner.token, `PATCH /api/projects/${id}`, { body });
    const changed = await Promise.all([
      change({ name: 'after' }),
      change({ description: 'told' }),
      change({}),
    ]);
    expect(changed.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect((await rig.ask(owner.token, `GET /api/projects/${id}`)).json).toMatchObject({
      name: 'after',
      description: 'told',
    });
  });

  test('AU7 whoever is added while the project is deleted is left with no membership', async () => {
    for (const _round of Array(12)) {
      const id = await createProject('Short-lived');
      const { member } = { member: editor.id };
      const [added, deleted] = await Promise.all([
        setRole(id, member, 'editor'),
        rig.ask(owner.token, `DELETE /api/projects/${id}`),
      ]);
      expect([200, 404]).toContain(added.status);
      expect(deleted.status).toBe(204);
      const body = { graph: picture(), project_id: id };
      expect(await outcome(editor.token, 'POST /api/v2/tasks', body)).toEqual([404, 'PROJECT_NOT_FOUND']);
    }
  });

  test('AU5 a member that is set and removed at the same moment is either, and never half of both', async () => {
    const { id: memberId, token } = await rig.register('flickers', ['raw_graph']);
    for (const _round of Array(12)) {
      const all = await Promise.all([
        setRole(project, memberId, 'viewer'),
        setRole(project, memberId, 'editor'),
        rig.ask(owner.token, `DELETE /api/projects/${project}/members/${memberId}`),
      ]);
      expect(all.slice(0, 2).map(({ status }) => status)).toEqual([200, 200]);
      expect([204, 404]).toContain(all[2].status);
      const { members } = (await rig.ask(owner.token, `GET /api/projects/${project}/members`)).json;
      const listed = members.filter((one: { principal_id: string }) => one.principal_id === memberId);
      const seen = (await rig.ask(token, 'GET /api/projects')).json.projects;
      expect(seen.map((one: { role: string }) => one.role)).toEqual(
        listed.map((one: { role: string }) => one.role),
      );
    }
  });

  test('AU5 a viewer of the project changes nothing of it, at any door', async () => {
    await rig.setMaintenance(true);
    const id = await rig.submit(editor.token, { graph: picture(), project_id: project });
    const batch = await rig.ask(editor.token, 'POST /api/v2/batches', {
      body: { graph: picture(), tasks: [{ name: 'one' }], project_id: project },
    });
    for (const route of [
      `DELETE /api/v2/tasks/${id}`,
      `POST /api/v2/tasks/${id}/cancel`,
      `POST /api/v2/tasks/${id}/retry`,
      ...['pause', 'resume', 'cancel'].map(
        (change) => `POST /api/v2/batches/${batch.json.batch_id}/${change}`,
      ),
    ])
      expect([route, await outcome(viewer.token, route)]).toEqual([route, [403, 'PROJECT_READ_ONLY']]);
    const decide = `POST /api/fleet/tasks/${id}/decide`;
    expect(await outcome(viewer.token, decide, { decision: 'give_up' })).toEqual([403, 'PROJECT_READ_ONLY']);
    // The contract of Comfy API v2 has no code of ours.
    expect((await rig.ask(viewer.token, `POST /api/v2/jobs/${id}/cancel`)).status).toBe(403);
    expect((await rig.ask(viewer.token, `GET /api/v2/jobs/${id}`)).status).toBe(200);
    expect((await rig.ask(editor.token, `GET /api/v2/tasks/${id}`)).json.status).toBe('queued');
    await rig.ask(editor.token, `POST /api/v2/batches/${batch.json.batch_id}/cancel`);
    await rig.ask(owner.token, `POST /api/v2/jobs/${id}/cancel`);
    await rig.setMaintenance(false);
  });

  test('AU5 AU7 who runs a task of others again needs the right to run graphs', async () => {
    const plain = await rig.register('runs workflows only');
    await setRole(project, plain.id, 'editor');
    const task = await rig.run(owner.token, { graph: picture(), project_id: project });
    expect(await outcome(plain.token, `POST /api/v2/tasks/${task.task_id}/retry`)).toEqual([
      403,
      'GRAPH_NOT_GRANTED',
    ]);
  });

  test('a task of a project that its owner has left, or that is deleted, runs again without it', async () => {
    const id = await createProject('left');
    await setRole(id, editor.id, 'editor');
    const { task_id: taskId } = await rig.run(editor.token, { graph: picture(), project_id: id });
    const again = async () => {
      const { json } = await rig.ask(editor.token, `POST /api/v2/tasks/${taskId}/retry`);
      return (await rig.finish(editor.token, json.task_id)).project_id;
    };
    expect(await again()).toBe(id);
    await rig.ask(editor.token, `DELETE /api/projects/${id}/members/${editor.id}`);
    expect(await again()).toBeNull();
    await rig.ask(owner.token, `DELETE /api/projects/${id}`);
    expect(await again()).toBeNull();
  });

  test('TQ18 a submission that is repeated after its sender was removed returns its own task', async () => {
    const member = await rig.register('removed', ['raw_graph']);
    await setRole(project, member.id, 'editor');
    const submit = () =>
      rig.ask(member.token, 'POST /api/v2/tasks', {
        body: { graph: picture(), project_id: project },
        headers: { 'idempotency-key': 'once' },
      });
    const first = await submit();
    await rig.ask(owner.token, `DELETE /api/projects/${project}/members/${member.id}`);
    const second = await submit();
    expect([second.status, second.json.task_id]).toEqual([200, first.json.task_id]);
    expect((await rig.ask(member.token, `GET /api/v2/tasks?project_id=${project}`)).json.total).toBe(1);
  });

  test('AU7 a result in a project is deleted by its editors only', async () => {
    const task = await rig.run(editor.token, { graph: picture(), project_id: project });
    const route = `DELETE /api/v2/assets/${task.results[0].asset_id}`;
    const { token } = await rig.register('stranger');
    const asked: number[] = [];
    for (const one of [viewer.token, token, owner.token]) asked.push((await rig.ask(one, route)).status);
    expect(asked).toEqual([403, 404, 204]);
  });

  test('AU7 a trial in a project is in no list of its members', async () => {
    const task = await rig.run(editor.token, { graph: picture(), project_id: project, trial: true });
    const { tasks } = (await rig.ask(owner.token, `GET /api/v2/tasks?project_id=${project}`)).json;
    expect(tasks.map(({ task_id }: { task_id: string }) => task_id)).not.toContain(task.task_id);
  });

  test('AU5 a disabled user becomes no member, a revoked client neither; members who are disabled see nothing', async () => {
    const made = await rig.ask(rig.token, 'POST /api/v2/admin/users', { body: { username: 'eve' } });
    const { password, user_id: userId } = made.json;
    const signIn = () => rig.ask(null, 'POST /api/v2/auth/sign-in', { body: { username: 'eve', password } });
    const token = (await signIn()).json.access_token;
    expect((await setRole(project, 'EVE', 'viewer')).json.principal_id).toBe(userId);
    expect((await rig.ask(token, `GET /api/projects/${project}`)).status).toBe(200);
    await rig.ask(rig.token, 'PATCH /api/v2/admin/users/eve', { body: { disabled: true } });
    expect((await rig.ask(token, `GET /api/projects/${project}`)).status).toBe(401);
    expect((await setRole(project, 'eve', 'editor')).json.error.code).toBe('MEMBER_NOT_FOUND');
    expect(await outcome(owner.token, `DELETE /api/projects/${project}/members/${userId}`)).toEqual([
      204,
      undefined,
    ]);
    const gone = await rig.register('gone');
    await rig.ask(rig.token, `POST /api/v2/admin/clients/${gone.id}/revoke`);
    expect((await setRole(project, gone.id, 'viewer')).json.error.code).toBe('MEMBER_NOT_FOUND');
  });

  test('a user whose role is viewer leads no project, runs nothing in one, and may leave it', async () => {
    const made = await rig.ask(rig.token, 'POST /api/v2/admin/users', {
      body: { username: 'looks', role: 'viewer' },
    });
    const { password, user_id: userId } = made.json;
    const { access_token: token } = (
      await rig.ask(null, 'POST /api/v2/auth/sign-in', { body: { username: 'looks', password } })
    ).json;
    await setRole(project, userId, 'editor');
    expect(await outcome(token, 'POST /api/projects', { name: 'Mine' })).toEqual([403, 'FORBIDDEN']);
    const body = { workflow_name: 'solid_color', project_id: project };
    expect(await outcome(token, 'POST /api/v2/tasks', body)).toEqual([403, 'FORBIDDEN']);
    expect(await outcome(token, `DELETE /api/projects/${project}/members/${userId}`)).toEqual([
      204,
      undefined,
    ]);
  });

  test('AU5 a key deletes no project of its owner and ends no membership', async () => {
    const made = await rig.ask(owner.token, 'POST /api/v2/auth/keys', {
      body: { name: 'looks', scopes: ['tasks.run'] },
    });
    const route = `/api/projects/${project}`;
    expect(await outcome(made.json.key, `DELETE ${route}`)).toEqual([403, 'FORBIDDEN']);
    expect(await outcome(made.json.key, `DELETE ${route}/members/${viewer.id}`)).toEqual([403, 'FORBIDDEN']);
    expect((await rig.ask(made.json.key, `GET ${route}`)).status).toBe(200);
  });

  test.each<[route: string, body: object]>([
    ['POST /api/v2/tasks', { graph: picture(), name: 'a\u0000b' }],
    ['POST /api/v2/tasks', { graph: picture(), file_name: 'a\u0000b' }],
    ['POST /api/v2/tasks', { graph: picture(), output_path: 'a\u0000b' }],
    ['POST /api/v2/batches', { graph: picture(), tasks: [{}], name: 'a\u0000b' }],
    ['POST /api/v2/auth/keys', { name: 'a\u0000b' }],
    ['POST /api/v2/auth/register', { client_name: 'a\u0000b' }],
    ['POST /api/v2/admin/invitations', { name: 'a\u0000b' }],
    ['POST /api/projects', { name: 'a', description: 'a\u0000b' }],
  ])('%s refuses a NUL, which not every database stores: %j', async (route, body) => {
    expect(await outcome(rig.token, route, body)).toEqual([400, 'INVALID_REQUEST']);
  });
});
