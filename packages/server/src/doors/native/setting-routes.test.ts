import type { Setting } from '@comfleet/contract';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openTestServer, type TestServer } from '../../../test/kit/test-server.ts';

const PASSWORD = 'correct horse battery';
const NOWHERE = { address: null, userAgent: null };
const SETTINGS = '/api/v2/admin/settings';

let server: TestServer;
beforeEach(async () => {
  server = await openTestServer({ config: 'limits: { streams_per_client: 5, upload_bytes: 4096 }' });
});
afterEach(() => server.close());

type Headers = Record<string, string>;

async function ask(method: 'GET' | 'PUT' | 'DELETE', path: string, payload?: object, headers?: Headers) {
  const answer = await server.app.inject({
    method,
    url: `${SETTINGS}${path}`,
    headers: headers ?? server.local.headers,
    ...(payload && { payload }),
  });
  return { status: answer.statusCode, body: answer.json() };
}

async function signInOperator(): Promise<Headers> {
  await server.identity.users.add(server.local.principal, {
    ...{ name: 'otto', role: 'operator', password: PASSWORD },
  });
  const { issued } = await server.identity.users.signIn('otto', PASSWORD, {
    purpose: 'access',
    origin: NOWHERE,
  });
  return { authorization: `Bearer ${issued.token}` };
}

test('CF5 a changed limit acts on the next request, names who changed it, and is reset', async () => {
  const changed = await ask('PUT', '/limits.upload_bytes', { value: 2048 });
  expect(changed).toMatchObject({
    status: 200,
    body: {
      ...{ value: 2048, source: 'run_time', file_value: 4096, default: 10_485_760, minimum: 1024 },
      changed_by: { id: server.local.principal.id, name: 'local' },
      ...{ needs_restart: false, read_only: null, variable: 'COMFLEET__LIMITS__UPLOAD_BYTES' },
    },
  });
  const config = await server.app.inject({ url: '/api/v2/config', headers: server.local.headers });
  expect(config.json().upload.max_bytes).toBe(2048);

  expect((await ask('DELETE', '/limits.upload_bytes')).body).toMatchObject({ value: 4096, source: 'file' });
  const { changes } = (await ask('GET', '/history')).body;
  expect(changes).toMatchObject([
    { number: 2, key: 'limits.upload_bytes', before: 2048, after: 4096, reset: true },
    { number: 1, key: 'limits.upload_bytes', before: 4096, after: 2048, reset: false },
  ]);
});

test('CF5 history comes in pages, newest first, of one setting or of all', async () => {
  for (const value of [1, 2, 3]) await ask('PUT', '/limits.graph_problems', { value });
  await ask('PUT', '/logging.level', { value: 'debug' });
  const first = (await ask('GET', '/history?key=limits.graph_problems&limit=2')).body;
  const rest = (await ask('GET', `/history?key=limits.graph_problems&cursor=${first.next_cursor}`)).body;
  expect([first, rest].map(({ changes }) => changes.map(({ after }: { after: number }) => after))).toEqual([
    [3, 2],
    [1],
  ]);
  expect(rest.next_cursor).toBeNull();
  expect((await ask('GET', '/history')).body.changes).toHaveLength(4);
});

test('AU8 an operator sees and changes what is about the fleet, and nothing about people', async () => {
  const operator = await signInOperator();
  await ask('PUT', '/auth.registration', { value: 'invite' });
  const { settings } = (await ask('GET', '', undefined, operator)).body as { settings: Setting[] };

  expect(settings.some(({ key }) => key.startsWith('auth.'))).toBe(false);
  expect((await ask('PUT', '/limits.graph_nodes', { value: 9 }, operator)).status).toBe(200);
  expect((await ask('GET', '/history', undefined, operator)).body.changes).toHaveLength(1);
  for (const refused of [
    await ask('GET', '/auth.registration', undefined, operator),
    await ask('GET', '/history?key=auth.registration', undefined, operator),
    await ask('PUT', '/auth.registration', { value: 'open' }, operator),
    await ask('DELETE', '/auth.registration', undefined, operator),
    await ask('PUT', '/quotas.client.tasks_per_day', { value: null }, operator),
    await ask('PUT', '/rate_limits.anonymous_per_minute', { value: null }, operator),
  ])
    expect(refused).toMatchObject({ status: 403, body: { error: { code: 'FORBIDDEN' } } });
  expect((await ask('GET', '/auth.registration')).body.value).toBe('invite');
});

test('AU4 an API key may not change how people are let in', async () => {
  const { key } = await server.identity.keys.create(server.local.principal, {
    ...{ name: 'all', scopes: ['fleet.manage', 'people.manage'], lifetimeMs: null },
  });
  const headers = { authorization: `Bearer ${key}` };
  expect((await ask('PUT', '/limits.graph_nodes', { value: 9 }, headers)).status).toBe(200);
  expect((await ask('GET', '/auth.registration', undefined, headers)).status).toBe(200);
  expect((await ask('PUT', '/auth.registration', { value: 'open' }, headers)).status).toBe(403);
});

test.each([
  ['PUT', '/limits.nothing', { value: 1 }, 404, 'SETTING_NOT_FOUND'],
  ['PUT', '/__proto__', { value: 1 }, 404, 'SETTING_NOT_FOUND'],
  ['PUT', '/limits', { value: {} }, 404, 'SETTING_NOT_FOUND'],
  ['PUT', '/server.port', { value: 1 }, 409, 'SETTING_READ_ONLY'],
  ['PUT', '/limits.graph_nodes', { value: 0 }, 422, 'SETTING_INVALID'],
  ['PUT', '/limits.graph_nodes', { value: 7, expected: 8 }, 409, 'CONFLICT'],
  ['PUT', '/limits.graph_nodes', {}, 400, 'INVALID_REQUEST'],
  ['PUT', '/limits.graph_nodes', { value: 7, reason: 'x' }, 400, 'INVALID_REQUEST'],
  ['GET', '/history?cursor=x', undefined, 400, 'INVALID_REQUEST'],
] as const)('CF5 %s %s with %j is refused with %i %s', async (method, path, payload, status, code) => {
  expect(await ask(method, path, payload)).toMatchObject({ status, body: { error: { code } } });
  expect((await ask('GET', '/history')).body.changes).toEqual([]);
});

test('CF5 a longer sign-in counts from the next one', async () => {
  const lifetimeOf = async () => {
    const { issued } = await server.identity.users.signIn('ann', PASSWORD, {
      purpose: 'browser',
      origin: NOWHERE,
    });
    return issued.lifetimeMs;
  };
  await server.identity.users.add(server.local.principal, {
    ...{ name: 'ann', role: 'member', password: PASSWORD },
  });
  const before = await lifetimeOf();
  await ask('PUT', '/auth.sign_in_expire_minutes', { value: 5 });
  expect([before, await lifetimeOf()]).toEqual([43_200 * 60_000, 300_000]);
});
