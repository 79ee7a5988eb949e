import { FakeClock } from '@comfleet/test-kit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openMemoryDatabase } from '../../../test/kit/memory-database.ts';
import type { Tables } from '../../app/tables.ts';
import type { Database } from '../../platform/database/database.ts';
import { systemRandom } from '../../platform/time/clock.ts';
import { type Identity, openIdentity } from './identity.ts';
import { createPrincipal, type Principal } from './principal.ts';

const DAY_MS = 86_400_000;

let clock = new FakeClock();
let db: Database<Tables>;
let identity: Identity;
let admin: Principal;

beforeEach(async () => {
  clock = new FakeClock();
  db = await openMemoryDatabase(clock);
  identity = open('admin');
  const { client } = await identity.clients.create({ name: 'admin', description: null, grants: ['admin'] });
  admin = createPrincipal({ ...client, kind: 'client' });
});

afterEach(async () => {
  await db.close();
});

function open(registration: 'open' | 'invite' | 'admin'): Identity {
  return openIdentity(
    { db, clock, random: systemRandom },
    {
      tokenLifetimeMs: 1_440 * 60_000,
      signInLifetimeMs: 30 * DAY_MS,
      oidcLifetimeMs: 3_600_000,
      registration,
    },
  );
}

async function signIn(name: string) {
  // Ids sort by creation only if they are a millisecond apart.
  clock.advance(1);
  const { client, secret } = await identity.clients.register(admin, { name, description: null });
  const issued = await identity.clients.issueToken(client.id, secret);
  return { client, secret, ...issued };
}

test('API1 registering gives an id and a secret, and the database holds no secret', async () => {
  const { client, secret } = await identity.clients.register(admin, {
    name: 'studio',
    description: '测试客户端',
  });
  expect(client).toMatchObject({ name: 'studio', description: '测试客户端', grants: [], revokedAtMs: null });
  expect(secret).toMatch(/^cfs_[A-Za-z0-9_-]{43}$/);
  const rows = await db.read(db.k.selectFrom('principal').selectAll());
  expect(JSON.stringify(rows)).not.toContain(secret.slice(4));
});

test('registering without the local credential is refused unless it is open', async () => {
  const request = { name: 'x', description: null };
  await expect(identity.clients.register(null, request)).rejects.toMatchObject({
    code: 'REGISTRATION_CLOSED',
  });
  const guest = (await signIn('guest')).token;
  const { principal } = await identity.sessions.authenticate(guest);
  await expect(identity.clients.register(principal, request)).rejects.toMatchObject({
    code: 'REGISTRATION_CLOSED',
  });
  expect((await open('open').clients.register(null, request)).client.grants).toEqual([]);
});

test('API2 a client id and secret give a token that authenticates the client', async () => {
  const { client, token, lifetimeMs, expiresAtMs } = await signIn('studio');
  expect(lifetimeMs).toBe(86_400_000);
  expect(expiresAtMs).toBe(Date.UTC(2026, 0, 2) + 1);
  const { principal } = await identity.sessions.authenticate(token);
  expect(principal).toEqual({
    id: client.id,
    kind: 'client',
    name: 'studio',
    role: 'member',
    grants: [],
    permissions: ['tasks.run'],
    projects: [],
  });
  const stored = await db.read(db.k.selectFrom('token').selectAll());
  expect(JSON.stringify(stored)).not.toContain(token.slice(4));
});

test('wrong secrets, unknown clients and revoked clients cannot be distinguished', async () => {
  const { client, secret } = await signIn('studio');
  const other = await signIn('other');
  const wrong = [
    [client.id, other.secret],
    [client.id, ''],
    ['01900000-0000-7000-8000-000000000000', secret],
    ['not an id', secret],
  ] as const;
  for (const [id, text] of wrong) {
    await expect(identity.clients.issueToken(id, text)).rejects.toMatchObject({
      code: 'UNAUTHORIZED',
      details: null,
    });
  }
  await identity.clients.revoke(admin, client.id);
  await expect(identity.clients.issueToken(client.id, secret)).rejects.toMatchObject({
    code: 'UNAUTHORIZED',
  });
});

test('AU1 a token ends after token_expire_minutes', async () => {
  const { token } = await signIn('studio');
  clock.advance(86_400_000 - 1);
  expect((await identity.sessions.authenticate(token)).principal.name).toBe('studio');
  clock.advance(1);
  await expect(identity.sessions.authenticate(token)).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
});

test('AU2 a revoked client is refused at once', async () => {
  const { client, token } = await signIn('studio');
  await identity.sessions.authenticate(token);
  await identity.clients.revoke(admin, client.id);
  await expect(identity.sessions.authenticate(token)).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
});

test('SE6 AU2 a client revoked by another server is refused within one second', async () => {
  const { client, token } = await signIn('studio');
  await identity.sessions.authenticate(token);
  await open('admin').clients.revoke(admin, client.id);
  clock.advance(1000);
  await expect(identity.sessions.authenticate(token)).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
});

test.each([
  '',
  'Bearer',
  'null',
  'cft_',
  'cft_short',
  `cfs_${'a'.repeat(43)}`,
  `cft_${'a'.repeat(42)}=`,
  `cft_${'a'.repeat(44)}`,
  `cft_${'a'.repeat(43)}`,
  ` cft_${'a'.repeat(43)}`,
  `cft_${'a'.repeat(42)}\u0000`,
  'eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9.',
  "' or 1=1 --",
  'x'.repeat(100_000),
])('SE5 AU2 a malformed or foreign token is refused: %j', async (token) => {
  await signIn('studio');
  await expect(identity.sessions.authenticate(token)).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
});

test('SE5 a tampered token is refused', async () => {
  const { token } = await signIn('studio');
  const tampered = token.slice(0, -1) + (token.endsWith('A') ? 'E' : 'A');
  await expect(identity.sessions.authenticate(tampered)).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
});

test('a sign-in code gives a token once', async () => {
  const { code } = await identity.sessions.createSignInCode(admin.id);
  const { token } = await identity.sessions.exchangeCode(code);
  expect((await identity.sessions.authenticate(token)).principal).toEqual(admin);
  await expect(identity.sessions.exchangeCode(code)).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
});

test('two exchanges of one code at the same moment give one token', async () => {
  const { code } = await identity.sessions.createSignInCode(admin.id);
  const results = await Promise.allSettled([
    identity.sessions.exchangeCode(code),
    identity.sessions.exchangeCode(code),
  ]);
  expect(results.map((result) => result.status).sort()).toEqual(['fulfilled', 'rejected']);
});

test('a sign-in code ends after ten minutes and is no bearer token', async () => {
  const { code } = await identity.sessions.createSignInCode(admin.id);
  await expect(identity.sessions.authenticate(code)).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
  clock.advance(600_000);
  await expect(identity.sessions.exchangeCode(code)).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
});

test('grants hold at once and only an admin sets them', async () => {
  const { client, token } = await signIn('studio');
  const { principal } = await identity.sessions.authenticate(token);
  await expect(identity.clients.setGrants(principal, client.id, ['admin'])).rejects.toMatchObject({
    code: 'FORBIDDEN',
  });
  await identity.clients.setGrants(admin, client.id, ['raw_graph']);
  expect((await identity.sessions.authenticate(token)).principal.grants).toEqual(['raw_graph']);
});

test('an admin cannot revoke itself or give up its own role by mistake', async () => {
  await expect(identity.clients.revoke(admin, admin.id)).rejects.toMatchObject({ code: 'CONFLICT' });
  await expect(identity.clients.setGrants(admin, admin.id, [])).rejects.toMatchObject({ code: 'CONFLICT' });
});

test('only an admin lists and revokes clients; unknown ids are not found', async () => {
  const { client, token } = await signIn('studio');
  const { principal } = await identity.sessions.authenticate(token);
  await expect(identity.clients.list(principal)).rejects.toMatchObject({ code: 'FORBIDDEN' });
  await expect(identity.clients.revoke(principal, client.id)).rejects.toMatchObject({ code: 'FORBIDDEN' });
  expect((await identity.clients.list(admin)).map((record) => record.name)).toEqual(['admin', 'studio']);
  await expect(identity.clients.revoke(admin, 'nobody')).rejects.toMatchObject({ code: 'CLIENT_NOT_FOUND' });
});

test('expired tokens are purged and others stay', async () => {
  const first = await signIn('first');
  clock.advance(86_400_001);
  const second = await signIn('second');
  await identity.sessions.tidy();
  const rows = await db.read(db.k.selectFrom('token').selectAll());
  expect(rows.map((row) => row.principal_id)).toEqual([second.client.id]);
  expect(rows.map((row) => row.principal_id)).not.toContain(first.client.id);
});

async function signInBrowser() {
  const { token } = await identity.sessions.exchangeCode(
    (await identity.sessions.createSignInCode(admin.id)).code,
  );
  return { token, session: await identity.sessions.authenticate(token) };
}

test('a browser stays signed in for thirty days after its last visit', async () => {
  const { token, session } = await signInBrowser();
  clock.advance(29 * DAY_MS);
  expect(await identity.sessions.renew(session)).toBe(clock.nowMs() + 30 * DAY_MS);
  clock.advance(29 * DAY_MS);
  expect((await identity.sessions.authenticate(token)).principal).toEqual(admin);
  clock.advance(DAY_MS);
  await expect(identity.sessions.authenticate(token)).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
});

test("a program's token keeps its time however often it asks for more, and signing out leaves it", async () => {
  const { token, expiresAtMs } = await signIn('studio');
  const session = await identity.sessions.authenticate(token);
  clock.advance(1000);
  expect(await identity.sessions.renew(session)).toBe(expiresAtMs);
  await identity.sessions.signOut(session, 'everywhere');
  expect((await identity.sessions.authenticate(token)).principal.name).toBe('studio');
});

test('signing out ends this browser at once; signing out everywhere ends the others and their links too', async () => {
  const [first, second, third] = [await signInBrowser(), await signInBrowser(), await signInBrowser()];
  await identity.sessions.signOut(first.session, 'here');
  await expect(identity.sessions.authenticate(first.token)).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
  await expect(identity.sessions.renew(first.session)).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
  expect((await identity.sessions.authenticate(second.token)).principal).toEqual(admin);
  const { code } = await identity.sessions.createSignInCode(admin.id);
  await identity.sessions.signOut(second.session, 'everywhere');
  await expect(identity.sessions.authenticate(third.token)).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
  await expect(identity.sessions.exchangeCode(code)).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
});
