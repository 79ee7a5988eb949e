import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTestServer, type TestServer } from '../../../test/kit/test-server.ts';

let server: TestServer;
beforeAll(async () => {
  server = await openTestServer();
});
afterAll(async () => {
  await server.close();
});

test('API3 a user signs in by /admin/auth/login, and a viewer may look but not run', async () => {
  const { users } = server.identity;
  const password = 'correct horse battery';
  await users.add(server.local.principal, { name: 'vera', role: 'viewer', password });

  const login = await server.app.inject({
    method: 'POST',
    url: '/admin/auth/login',
    payload: { username: 'Vera', password },
  });

  expect(login.statusCode).toBe(200);
  expect(login.json()).toMatchObject({ token_type: 'bearer', user: { username: 'vera', role: 'viewer' } });
  const headers = { authorization: `Bearer ${login.json().access_token}` };
  expect((await server.app.inject({ url: '/api/v2/tasks', headers })).statusCode).toBe(200);
  const refused = await server.app.inject({
    method: 'POST',
    url: '/api/v2/tasks',
    headers,
    payload: { workflow_name: 'x' },
  });
  expect(refused.json().error).toMatchObject({ code: 'FORBIDDEN', details: { needs: 'tasks.run' } });
});

test('AU3 the documented admin/admin is refused with the way to the real password', async () => {
  const payload = { username: 'admin', password: 'admin' };
  const answer = await server.app.inject({ method: 'POST', url: '/admin/auth/login', payload });
  expect(answer.statusCode).toBe(401);
  expect(answer.json().error.message).toContain('comfleet users reset admin');
});

test('an operator sees and drains workers, but no people', async () => {
  const password = 'correct horse battery';
  await server.identity.users.add(server.local.principal, { name: 'otto', role: 'operator', password });
  const payload = { username: 'otto', password };
  const login = await server.app.inject({ method: 'POST', url: '/api/v2/auth/sign-in', payload });
  const headers = { authorization: `Bearer ${login.json().access_token}` };
  const status = async (url: string) => (await server.app.inject({ url, headers })).statusCode;
  expect(await status('/api/fleet/workers')).toBe(200);
  expect(await status('/api/v2/admin/users')).toBe(403);
  expect(await status('/api/v2/admin/clients')).toBe(403);
});

test('AU4 an API key for people makes nobody: what it would make outlives it', async () => {
  const { key } = await server.identity.keys.create(server.local.principal, {
    name: 'narrow',
    scopes: ['people.manage'],
    lifetimeMs: null,
  });
  const headers = { authorization: `Bearer ${key}` };
  const post = async (url: string, payload: object) =>
    (await server.app.inject({ method: 'POST', url, headers, payload })).statusCode;
  expect(await post('/api/v2/admin/users', { username: 'evil', role: 'admin' })).toBe(403);
  expect(await post('/api/v2/admin/users/otto/reset', {})).toBe(403);
  expect(await post(`/api/v2/admin/clients/${server.other.principal.id}/grants`, { grants: ['admin'] })).toBe(
    403,
  );
  expect(await post(`/api/v2/admin/clients/${server.local.principal.id}/rotate`, {})).toBe(403);
  expect(await post('/api/v2/auth/register', { client_name: 'evil' })).toBe(403);
  const list = await server.app.inject({ url: '/api/v2/admin/users', headers });
  expect(list.statusCode).toBe(200);
});
