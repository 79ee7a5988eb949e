import { afterEach, beforeEach, expect, test } from 'vitest';
import { openTestServer, type TestServer } from '../../../test/kit/test-server.ts';

let server: TestServer;
beforeEach(async () => {
  server = await openTestServer();
});
afterEach(async () => {
  await server.close();
});

type Method = 'GET' | 'POST' | 'DELETE';

async function ask(line: string, headers: Record<string, string>, payload?: object) {
  const [method = '', url = ''] = line.split(' ');
  const answer = await server.app.inject({
    method: method as Method,
    url,
    headers,
    ...(payload ? { payload } : {}),
  });
  return { status: answer.statusCode, json: answer.body === '' ? null : answer.json(), text: answer.body };
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

test('sessions are listed with their kind, origin and last use, and the own one is marked', async () => {
  const { identity, owner, clock } = server;
  clock.advance(1000);
  const { token } = await identity.sessions.issue(owner.principal.id, 'browser', {
    address: '10.0.0.7',
    userAgent: 'Firefox',
  });
  await ask('GET /api/v2/auth/me', bearer(token));
  await identity.sessions.tidy();

  const { json, text } = await ask('GET /api/v2/auth/sessions', owner.headers);

  expect(json.sessions).toMatchObject([
    {
      kind: 'browser',
      current: false,
      address: '10.0.0.7',
      user_agent: 'Firefox',
      created_at: '2026-01-01T00:00:01.000Z',
      last_used_at: '2026-01-01T00:00:01.000Z',
    },
    { kind: 'program', current: true, expires_at: '2026-01-01T01:00:00.000Z' },
  ]);
  expect(text).not.toContain(token.slice(4));
});

test('ending a session refuses its next request; those of others are unknown, also to admins', async () => {
  const { owner, other, local } = server;
  const [session] = (await ask('GET /api/v2/auth/sessions', owner.headers)).json.sessions;
  const line = `DELETE /api/v2/auth/sessions/${session.session_id}`;
  for (const stranger of [other, local]) {
    const { status, json } = await ask(line, stranger.headers);
    expect([status, json.error.code]).toEqual([404, 'TOKEN_NOT_FOUND']);
  }
  expect((await ask(line, owner.headers)).status).toBe(204);
  expect((await ask('GET /api/v2/auth/me', owner.headers)).status).toBe(401);
});

test('a key is shown once and limited to its scopes', async () => {
  const { owner, local } = server;
  const body = { name: 'dashboard', scopes: ['fleet.see'], expires_in: 3600 };
  expect((await ask('POST /api/v2/auth/keys', owner.headers, body)).json.error).toMatchObject({
    code: 'FORBIDDEN',
    details: { needs: 'fleet.see' },
  });
  const made = await ask('POST /api/v2/auth/keys', local.headers, body);
  expect(made.status).toBe(201);
  const { key, ...shown } = made.json;
  expect(shown).toMatchObject({ ...{ name: 'dashboard', scopes: ['fleet.see'], owner_name: 'local' } });
  expect(shown.expires_at).toBe('2026-01-01T01:00:00.000Z');
  const list = await ask('GET /api/v2/auth/keys', local.headers);
  expect([list.json.keys, list.text.includes(key.slice(4))]).toEqual([[shown], false]);

  expect((await ask('GET /api/fleet/stats', bearer(key))).status).toBe(200);
  expect((await ask('GET /api/v2/admin/clients', bearer(key))).status).toBe(403);
  expect((await ask(`DELETE /api/v2/auth/keys/${shown.key_id}`, local.headers)).status).toBe(204);
  expect((await ask('GET /api/fleet/stats', bearer(key))).status).toBe(401);
});

test('a key cannot create keys, and the refusal tells why', async () => {
  const { json } = await ask('POST /api/v2/auth/keys', server.local.headers, { name: 'first' });
  const refused = await ask('POST /api/v2/auth/keys', bearer(json.key), { name: 'second' });
  expect([refused.status, refused.json.error.details]).toEqual([403, { reason: 'api_key' }]);
});

test("everyone's keys are listed for who may manage people, and for nobody else", async () => {
  await ask('POST /api/v2/auth/keys', server.owner.headers, { name: 'render' });
  expect((await ask('GET /api/v2/auth/keys?owner=all', server.other.headers)).status).toBe(403);
  expect((await ask('GET /api/v2/auth/keys', server.other.headers)).json.keys).toEqual([]);
  const { json } = await ask('GET /api/v2/auth/keys?owner=all', server.local.headers);
  expect(json.keys).toMatchObject([{ name: 'render', owner_name: 'owner' }]);
});

test('API1 with an invitation a stranger registers one client; with another word nobody does', async () => {
  await server.close();
  server = await openTestServer({ config: 'auth: { registration: invite }' });
  const made = await ask('POST /api/v2/admin/invitations', server.local.headers, { name: 'studio' });
  expect(made.json).toMatchObject({ name: 'studio', expires_at: '2026-01-08T00:00:00.000Z' });
  const { invitation, ...shown } = made.json;
  const list = await ask('GET /api/v2/admin/invitations', server.local.headers);
  expect([list.json.invitations, list.text.includes(invitation.slice(4))]).toEqual([[shown], false]);

  const register = (code: string) =>
    ask('POST /api/v2/auth/register', {}, { client_name: 'guest', invitation: code });
  expect((await register(`cfi_${'a'.repeat(43)}`)).json.error.code).toBe('REGISTRATION_CLOSED');
  expect((await register(invitation)).status).toBe(201);
  expect((await register(invitation)).json.error.code).toBe('REGISTRATION_CLOSED');
});

test('AU2 rotating a client shows a new secret once and ends its tokens', async () => {
  const { owner, local } = server;
  const { status, json } = await ask(
    `POST /api/v2/admin/clients/${owner.principal.id}/rotate`,
    local.headers,
    {},
  );
  expect([status, json.client_id, json.client_name]).toEqual([200, owner.principal.id, 'owner']);
  expect((await ask('GET /api/v2/auth/me', owner.headers)).status).toBe(401);
  const drawn = await ask(
    'POST /api/v2/auth/token',
    {},
    {
      client_id: json.client_id,
      client_secret: json.client_secret,
    },
  );
  expect(drawn.status).toBe(200);
});
