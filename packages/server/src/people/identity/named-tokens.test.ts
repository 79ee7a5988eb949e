import { FakeClock } from '@comfleet/test-kit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openMemoryDatabase } from '../../../test/kit/memory-database.ts';
import type { Tables } from '../../app/tables.ts';
import type { Database } from '../../platform/database/database.ts';
import { systemRandom } from '../../platform/time/clock.ts';
import { type Identity, openIdentity } from './identity.ts';
import { createPrincipal, type Principal } from './principal.ts';

let clock = new FakeClock();
let db: Database<Tables>;
let identity: Identity;
let admin: Principal;
let second: Principal;

beforeEach(async () => {
  clock = new FakeClock();
  db = await openMemoryDatabase(clock);
  identity = openIdentity(
    { db, clock, random: systemRandom },
    {
      tokenLifetimeMs: 3_600_000,
      signInLifetimeMs: 86_400_000,
      oidcLifetimeMs: 3_600_000,
      registration: 'invite',
    },
  );
  admin = await create('admin', ['admin']);
  second = await create('second', ['admin']);
});
afterEach(async () => {
  await db.close();
});

async function create(name: string, grants: readonly ('admin' | 'raw_graph')[]): Promise<Principal> {
  const { client } = await identity.clients.create({ name, description: null, grants });
  return createPrincipal({ ...client, kind: 'client' });
}

const CLOSED = { code: 'REGISTRATION_CLOSED' };
const week = { lifetimeMs: 604_800_000 };

function register(invitation?: string) {
  return identity.clients.register(null, { name: 'guest', description: null, invitation });
}

test('API1 an invitation registers one client, even when it is used twice at once', async () => {
  const { text } = await identity.invitations.create(admin, { name: 'for the studio', ...week });
  expect(text).toMatch(/^cfi_[A-Za-z0-9_-]{43}$/);
  const results = await Promise.allSettled([register(text), register(text)]);
  expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  expect((await identity.clients.list(admin)).filter(({ name }) => name === 'guest')).toHaveLength(1);
  expect(await identity.invitations.list(admin)).toEqual([]);
});

test('API1 an invitation that is missing, expired or revoked registers nobody', async () => {
  await expect(register()).rejects.toMatchObject(CLOSED);
  const expiring = await identity.invitations.create(admin, { name: 'short', lifetimeMs: 1000 });
  clock.advance(1000);
  await expect(register(expiring.text)).rejects.toMatchObject(CLOSED);
  const revoked = await identity.invitations.create(admin, { name: 'revoked', ...week });
  await identity.invitations.revoke(second, revoked.row.id);
  await expect(register(revoked.text)).rejects.toMatchObject(CLOSED);
});

test('an invitation ends with the right of whoever created it', async () => {
  const { text } = await identity.invitations.create(second, { name: 'x', ...week });
  await identity.clients.setGrants(admin, second.id, []);
  await expect(register(text)).rejects.toMatchObject(CLOSED);
});

test('AU8 a join token is valid until it expires or is revoked, and its last use is listed', async () => {
  const { text, row } = await identity.joinTokens.create(admin, { name: 'rack 1', lifetimeMs: 5000 });
  expect(text).toMatch(/^cfj_[A-Za-z0-9_-]{43}$/);
  clock.advance(1000);
  expect(await identity.joinTokens.isValid(text)).toBe(true);
  await identity.sessions.tidy();
  expect(await identity.joinTokens.list(second)).toMatchObject([
    { name: 'rack 1', owner_name: 'admin', last_used_at: Date.UTC(2026, 0, 1) + 1000 },
  ]);
  await identity.joinTokens.revoke(second, row.id);
  expect(await identity.joinTokens.isValid(text)).toBe(false);

  const expiring = await identity.joinTokens.create(admin, { name: 'rack 2', lifetimeMs: 5000 });
  clock.advance(5000);
  expect(await identity.joinTokens.isValid(expiring.text)).toBe(false);
});

test('one kind of token never stands for another', async () => {
  const join = await identity.joinTokens.create(admin, { name: 'x', lifetimeMs: null });
  const invitation = await identity.invitations.create(admin, { name: 'x', ...week });
  const { key } = await identity.keys.create(admin, { name: 'x', scopes: null, lifetimeMs: null });
  await expect(register(join.text)).rejects.toMatchObject(CLOSED);
  for (const text of [invitation.text, key]) expect(await identity.joinTokens.isValid(text)).toBe(false);
  for (const text of [join.text, invitation.text])
    await expect(identity.sessions.authenticate(text)).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
  await expect(identity.joinTokens.revoke(admin, invitation.row.id)).rejects.toMatchObject({
    code: 'TOKEN_NOT_FOUND',
  });
});

test('only who may manage people hands tokens out, and none of their texts is stored', async () => {
  const member = await create('member', []);
  await expect(identity.joinTokens.list(member)).rejects.toMatchObject({ code: 'FORBIDDEN' });
  await expect(identity.invitations.create(member, { name: 'x', ...week })).rejects.toMatchObject({
    code: 'FORBIDDEN',
  });
  const { text } = await identity.joinTokens.create(admin, { name: 'x', lifetimeMs: null });
  const stored = JSON.stringify(await db.read(db.k.selectFrom('token').selectAll()));
  expect(stored).not.toContain(text.slice(4));
});

test('AU2 a rotated client is refused with its old secret, tokens and keys, and gets new ones', async () => {
  const { client, secret } = await identity.clients.create({ name: 'robot', description: null, grants: [] });
  const robot = createPrincipal({ ...client, kind: 'client' });
  const { token } = await identity.clients.issueToken(client.id, secret);
  const { key } = await identity.keys.create(robot, { name: 'x', scopes: null, lifetimeMs: null });
  const rotated = await identity.clients.rotate(admin, client.id);
  for (const bearer of [token, key])
    await expect(identity.sessions.authenticate(bearer)).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
  await expect(identity.clients.issueToken(client.id, secret)).rejects.toMatchObject({
    code: 'UNAUTHORIZED',
  });
  expect((await identity.clients.issueToken(client.id, rotated.secret)).token).toMatch(/^cft_/);
});

test('an admin cannot rotate its own client by mistake, nor one that is revoked', async () => {
  await expect(identity.clients.rotate(admin, admin.id)).rejects.toMatchObject({ code: 'CONFLICT' });
  await identity.clients.revoke(admin, second.id);
  await expect(identity.clients.rotate(admin, second.id)).rejects.toMatchObject({ code: 'CONFLICT' });
});
