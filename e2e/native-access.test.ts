import {
  type Client,
  type ReceivedResponse,
  type RunningServer,
  startServer,
} from '@comfleet/test-kit/server';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeOnDatabases } from './services/databases.ts';
import { PNG, picture, pictureForm } from './support/graphs.ts';
import { LiveClient } from './support/live-client.ts';

const ENVELOPE = {
  error: { code: expect.any(String), message: expect.any(String), details: expect.toSatisfy(isDetails) },
  request_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
};

function isDetails(value: unknown): boolean {
  return value === null || typeof value === 'object';
}

/** Status and code of a refusal; its body must be the one envelope. */
function refusal({ status, json }: ReceivedResponse): [number, string] {
  expect(json).toEqual(ENVELOPE);
  return [status, json.error.code];
}

describeOnDatabases('who may do what over the native door', (database) => {
  let rig: RunningServer;
  let ada: Client;
  let bob: Client;

  beforeAll(async () => {
    rig = await startServer({
      database,
      config: { limits: { waiting_per_client: 3, upload_bytes: 100_000 }, auth: { token_expire_minutes: 5 } },
    });
    ada = await rig.register('ada', ['raw_graph']);
    bob = await rig.register('bob');
    await rig.run(ada.token, { graph: picture() });
  });
  afterAll(() => rig?.close());

  test('API1 a registration gives an id and a secret that no later answer shows again', async () => {
    const made = await rig.ask(rig.token, 'POST /api/v2/auth/register', {
      body: { client_name: 'studio', description: 'the render page' },
    });
    expect([made.status, made.json.client_name]).toEqual([201, 'studio']);
    const clients = await rig.ask(rig.token, 'GET /api/v2/admin/clients');
    const shown = clients.json.clients.find(
      (one: { client_id: string }) => one.client_id === made.json.client_id,
    );
    expect(shown).toMatchObject({ client_name: 'studio', description: 'the render page', grants: [] });
    expect(clients.text).not.toContain(made.json.client_secret);
  });

  test('API1 strangers and plain clients cannot register clients', async () => {
    const body = { client_name: 'stranger' };
    const refused = [403, 'REGISTRATION_CLOSED'];
    expect(refusal(await rig.ask(null, 'POST /api/v2/auth/register', { body }))).toEqual(refused);
    expect(refusal(await rig.ask(bob.token, 'POST /api/v2/auth/register', { body }))).toEqual(refused);
  });

  test('API2 id and secret give a bearer with its expiry; a wrong secret gives none', async () => {
    const body = { client_id: ada.id, client_secret: ada.secret };
    const { json } = await rig.ask(null, 'POST /api/v2/auth/token', { body });
    expect(json).toMatchObject({ token_type: 'bearer', expires_in: 300 });
    expect(Date.parse(json.expires_at) - Date.now()).toBeGreaterThan(290_000);
    const who = await rig.ask(json.access_token, 'GET /api/v2/auth/me');
    expect(who.json).toMatchObject({ principal_id: ada.id, name: 'ada', grants: ['raw_graph'] });
    const wrong = [
      { client_id: ada.id, client_secret: bob.secret },
      { client_id: '01900000-0000-7000-8000-000000000000', client_secret: ada.secret },
    ];
    for (const wrongBody of wrong)
      expect(refusal(await rig.ask(null, 'POST /api/v2/auth/token', { body: wrongBody }))[0]).toBe(401);
  });

  test('AU7 a grant that was taken away does not come back with the retry of an old task', async () => {
    const client = await rig.register('artist', ['raw_graph']);
    const id = await rig.submit(client.token, { graph: picture() });
    await rig.finish(client.token, id);
    await rig.ask(rig.token, `POST /api/v2/admin/clients/${client.id}/grants`, { body: { grants: [] } });
    const again = await rig.ask(client.token, `POST /api/v2/tasks/${id}/retry`);
    expect(refusal(again)).toEqual([403, 'GRAPH_NOT_GRANTED']);
  });

  test('AU2 a revoked client loses access at once: requests, open streams and new tokens', async () => {
    const client = await rig.register('leaver', ['raw_graph']);
    await rig.setMaintenance(true);
    const id = await rig.submit(client.token, { graph: picture() });
    let isOpen = (_value: unknown) => {};
    const opened = new Promise((resolve) => {
      isOpen = resolve;
    });
    const stream = rig.follow(client.token, `/api/v2/tasks/${id}/events`, () => {
      isOpen(true);
      return false;
    });
    await opened;
    const revoked = await rig.ask(rig.token, `POST /api/v2/admin/clients/${client.id}/revoke`);
    expect(revoked.json.revoked_at).toMatch(/^\d{4}-/);
    expect(refusal(await rig.ask(client.token, `GET /api/v2/tasks/${id}`))).toEqual([401, 'UNAUTHORIZED']);
    const frames = await stream;
    expect(frames.map((frame) => frame.data.event?.type)).not.toContain('task.canceled');
    const again = { client_id: client.id, client_secret: client.secret };
    expect(refusal(await rig.ask(null, 'POST /api/v2/auth/token', { body: again }))[0]).toBe(401);
    await rig.ask(rig.token, `DELETE /api/v2/tasks/${id}`);
    await rig.setMaintenance(false);
  });

  test.each([
    ['none', {}],
    ['empty', { authorization: '' }],
    ['of another kind', { authorization: 'Basic YWRhOmFkYQ==' }],
    ['without a token', { authorization: 'Bearer ' }],
    ['unknown', { authorization: 'Bearer 0123456789abcdef0123456789abcdef' }],
    ['very long', { authorization: `Bearer ${'a'.repeat(4000)}` }],
  ])('AU2 API15 a bearer that is %s answers 401', async (_name, headers) => {
    const answer = await rig.ask(null, 'GET /api/v2/tasks', { headers });
    expect(refusal(answer)).toEqual([401, 'UNAUTHORIZED']);
    expect(answer.headers.get('www-authenticate')).toBe('Bearer');
  });

  test('P21 AU7 ids of others are answered exactly as unknown ids', async () => {
    const task = await rig.run(ada.token, { graph: picture(70) });
    const upload = await rig.ask(ada.token, 'POST /api/fleet/uploads', { body: pictureForm('a.png') });
    const batch = await rig.ask(ada.token, 'POST /api/v2/batches', {
      body: { workflow_name: 'solid_color', tasks: [{ parameters: { width: 64, height: 64 } }] },
    });
    const foreign = {
      task: task.task_id,
      upload: upload.json.upload_id,
      batch: batch.json.batch_id,
      asset: task.results[0].asset_id,
    };
    const nobody = '01900000-0000-7000-8000-000000000000';
    const paths = [
      'GET /api/v2/tasks/{task}',
      'GET /api/v2/tasks/{task}/status',
      'GET /api/v2/tasks/{task}/download',
      'GET /api/v2/tasks/{task}/events',
      'GET /api/fleet/tasks/{task}/events',
      'GET /api/fleet/tasks/{task}/graph',
      'DELETE /api/v2/tasks/{task}',
      'POST /api/v2/tasks/{task}/cancel',
      'POST /api/v2/tasks/{task}/retry',
      'GET /api/v2/batches/{batch}',
      'GET /api/v2/batches/{batch}/events',
      'POST /api/v2/batches/{batch}/pause',
      'POST /api/v2/batches/{batch}/cancel',
      'GET /api/fleet/uploads/{upload}',
      'DELETE /api/fleet/uploads/{upload}',
      'GET /api/fleet/assets/{asset}/content',
    ];
    /** The response with the requested id masked: it may be repeated, nothing else may differ. */
    const askMasked = async (path: string) => {
      const { status, text } = await rig.ask(bob.token, path);
      const id = path.split('/').find((part) => /^[0-9a-f-]{36}$/.test(part)) ?? '';
      return { status, error: JSON.parse(text.replaceAll(id, 'ID')).error };
    };
    const refused: unknown[] = [];
    for (const path of paths) {
      const fill = (ids: (name: string) => string) => path.replace(/\{(\w+)\}/, (_, name) => ids(name));
      const others = await askMasked(fill((name) => foreign[name as keyof typeof foreign]));
      expect(others, path).toEqual(await askMasked(fill(() => nobody)));
      const words = await rig.ask(
        bob.token,
        fill(() => 'no-id-at-all'),
      );
      expect([words.status, words.json.error.code], path).toEqual([others.status, others.error.code]);
      refused.push(others.status);
    }
    expect(refused).toEqual(paths.map(() => 404));
    const listed = await rig.ask(bob.token, 'GET /api/v2/tasks');
    expect(listed.json).toEqual({ tasks: [], total: 0, next_cursor: null });
    const own = await rig.ask(bob.token, 'POST /api/v2/tasks', {
      body: { workflow_name: 'invert_image', parameters: { image: foreign.upload } },
    });
    expect(refusal(own)[0]).toBe(422);
  });

  test('API15 400, 403, 404, 405, 413, 415, 422 and 429 have the same envelope', async () => {
    const raw = { graph: picture() };
    expect(refusal(await rig.ask(ada.token, 'POST /api/v2/tasks', { body: '{"graph":' }))[0]).toBe(400);
    expect(refusal(await rig.ask(bob.token, 'POST /api/v2/tasks', { body: raw }))).toEqual([
      403,
      'GRAPH_NOT_GRANTED',
    ]);
    expect(refusal(await rig.ask(bob.token, 'POST /api/v2/tasks/reload'))).toEqual([403, 'FORBIDDEN']);
    expect(refusal(await rig.ask(ada.token, 'GET /api/v2/nothing'))).toEqual([404, 'NOT_FOUND']);
    expect(refusal(await rig.ask(ada.token, 'PUT /api/v2/tasks'))[0]).toBe(405);
    const large = pictureForm('a.png', Buffer.concat([PNG, Buffer.alloc(200_000)]));
    expect(refusal(await rig.ask(ada.token, 'POST /api/fleet/uploads', { body: large }))[0]).toBe(413);
    const text = { body: 'graph=1', headers: { 'content-type': 'application/x-www-form-urlencoded' } };
    expect(refusal(await rig.ask(ada.token, 'POST /api/v2/tasks', text))[0]).toBe(415);
    const unknown = { workflow_name: 'solid_color', parameters: { colour: 1 } };
    expect(refusal(await rig.ask(ada.token, 'POST /api/v2/tasks', { body: unknown }))[0]).toBe(422);
    await rig.setMaintenance(true);
    const ids: string[] = [];
    for (let width = 100; width < 103; width += 1)
      ids.push(await rig.submit(ada.token, { graph: picture(width) }));
    const full = await rig.ask(ada.token, 'POST /api/v2/tasks', { body: raw });
    expect(refusal(full)).toEqual([429, 'QUOTA_EXCEEDED']);
    expect(Number(full.headers.get('retry-after'))).toBeGreaterThan(0);
    for (const id of ids) await rig.ask(ada.token, `DELETE /api/v2/tasks/${id}`);
    await rig.setMaintenance(false);
  });

  test('TQ18 API15 one key returns one task; with another body it is a conflict', async () => {
    const headers = { 'idempotency-key': 'order-1' };
    const body = { graph: picture(110) };
    const first = await rig.ask(ada.token, 'POST /api/v2/tasks', { body, headers });
    const second = await rig.ask(ada.token, 'POST /api/v2/tasks', { body, headers });
    expect([first.status, second.status]).toEqual([201, 200]);
    expect(second.json.task_id).toBe(first.json.task_id);
    const other = await rig.ask(ada.token, 'POST /api/v2/tasks', { body: { graph: picture(111) }, headers });
    expect(refusal(other)).toEqual([409, 'IDEMPOTENCY_CONFLICT']);
    const local = await rig.ask(rig.token, 'POST /api/v2/tasks', { body, headers });
    expect(local.status).toBe(201);
  });

  test('API10 health answers under its three names with each service', async () => {
    const answers = await Promise.all(
      ['/api/health', '/health', '/api/v2/health'].map((path) => rig.ask(null, `GET ${path}`)),
    );
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    for (const { json } of answers) {
      expect(json.status).toBe('ok');
      expect(Object.keys(json.services).sort()).toEqual(['database', 'nodes', 'queue', 'redis', 'storage']);
      expect(json.services.nodes.details).toEqual({ total: 2, online: 2 });
    }
    expect((await rig.ask(null, 'GET /healthz')).status).toBe(200);
    expect((await rig.ask(null, 'GET /readyz')).status).toBe(200);
  });

  test('API11 the OpenAPI document describes the native routes and /docs shows it', async () => {
    const { json } = await rig.ask(null, 'GET /openapi.json');
    expect(json.openapi).toMatch(/^3\./);
    expect(Object.keys(json.paths)).toEqual(
      expect.arrayContaining([
        '/api/v2/tasks',
        '/api/v2/tasks/{id}/download',
        '/api/v2/auth/token',
        '/api/v2/batches',
      ]),
    );
    const page = await fetch(`${rig.url}/docs`);
    expect([page.status, page.headers.get('content-type')]).toEqual([
      200,
      expect.stringContaining('text/html'),
    ]);
  });
});

describeOnDatabases('client authentication switched off', (database) => {
  test('AU1 everyone on this machine acts as the local client, but no page of another site does', async () => {
    const rig = await startServer({ database, config: { auth: { enable_client_auth: false } } });
    try {
      const task = await rig.ask(null, 'POST /api/v2/tasks', { body: { graph: picture() } });
      expect(task.status, task.text).toBe(201);
      const read = await rig.ask(rig.token, `GET /api/v2/tasks/${task.json.task_id}`);
      expect(read.status).toBe(200);
      const foreign = { headers: { origin: 'https://evil.example' } };
      expect((await rig.ask(null, 'GET /api/v2/tasks', foreign)).status).toBe(401);
      expect((await rig.ask('not-a-token', 'GET /api/v2/tasks')).status).toBe(401);
    } finally {
      await rig.close();
    }
  });

  test('AU1 AU2 tokens live as long as the file says and then answer 401', async () => {
    const rig = await startServer({ database, config: { auth: { token_expire_minutes: 0.01 } } });
    try {
      const client = await rig.register('brief');
      const live = await LiveClient.open(rig.url, client.token);
      // The socket is closed at the very end of the session.
      expect(await live.closed).toBe(4401);
      const answer = await rig.ask(client.token, 'GET /api/v2/auth/me');
      expect(refusal(answer)).toEqual([401, 'UNAUTHORIZED']);
    } finally {
      await rig.close();
    }
  });
});
