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
let studio: Principal;

beforeEach(async () => {
  clock = new FakeClock();
  db = await openMemoryDatabase(clock);
  identity = openIdentity(
    { db, clock, random: systemRandom },
    {
      tokenLifetimeMs: 3_600_000,
      signInLifetimeMs: 86_400_000,
      oidcLifetimeMs: 3_600_000,
      registration: 'admin',
    },
  );
  admin = await create('admin', ['admin']);
  studio = await create('studio', ['raw_graph']);
});
afterEach(async () => {
  await db.close();
});

async function create(name: string, grants: readonly ('admin' | 'raw_graph')[]): Promise<Principal> {
  const { client } = await identity.clients.create({ name, description: null, grants });
  return createPrincipal({ ...client, kind: 'client' });
}

const forever = { scopes: null, lifetimeMs: null };

async function permissionsOf(key: string): Promise<readonly string[]> {
  return (await identity.sessions.authenticate(key)).principal.permissions;
}

test('a key acts as its owner within its scopes, and the database holds only its hash', async () => {
  const { key, row } = await identity.keys.create(studio, {
    name: 'render farm',
    scopes: ['tasks.run'],
    lifetimeMs: null,
  });
  expect(key).toMatch(/^cfk_[A-Za-z0-9_-]{43}$/);
  const { principal, purpose } = await identity.sessions.authenticate(key);
  expect([principal.id, principal.permissions, purpose]).toEqual([studio.id, ['tasks.run'], 'key']);
  expect(row).toMatchObject({ name: 'render farm', owner_name: 'studio', expires_at: null });
  const stored = await db.read(db.k.selectFrom('token').selectAll());
  expect(JSON.stringify(stored)).not.toContain(key.slice(4));
});

test('a key without scopes keeps to what its owner could do when it was created', async () => {
  const { key } = await identity.keys.create(studio, { name: 'all', ...forever });
  expect(await permissionsOf(key)).toEqual(['tasks.run', 'graphs.run']);
  await identity.clients.setGrants(admin, studio.id, ['admin']);
  expect(await permissionsOf(key)).toEqual(['tasks.run', 'graphs.run']);
});

test('a key never has a permission that its owner lost', async () => {
  const { key } = await identity.keys.create(studio, {
    name: 'graphs',
    scopes: ['graphs.run'],
    lifetimeMs: null,
  });
  expect(await permissionsOf(key)).toEqual(['graphs.run']);
  await identity.clients.setGrants(admin, studio.id, []);
  expect(await permissionsOf(key)).toEqual([]);
});

test('a scope that the owner lacks is refused', () => {
  const wish = { name: 'x', scopes: ['people.manage'], lifetimeMs: null } as const;
  expect(() => identity.keys.create(studio, wish)).toThrow(
    expect.objectContaining({ code: 'FORBIDDEN', details: { needs: 'people.manage' } }),
  );
});

test('a key ends when it expires, and with its owner', async () => {
  const short = await identity.keys.create(studio, { name: 'short', scopes: null, lifetimeMs: 60_000 });
  const long = await identity.keys.create(studio, { name: 'long', ...forever });
  clock.advance(60_000);
  await expect(permissionsOf(short.key)).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
  expect((await identity.keys.list(studio, 'own')).map(({ name }) => name)).toEqual(['long']);
  await identity.clients.revoke(admin, studio.id);
  await expect(permissionsOf(long.key)).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
});

test('keys of others are unknown, except to who may manage people', async () => {
  const { key, row } = await identity.keys.create(admin, { name: 'ops', ...forever });
  expect(await identity.keys.list(studio, 'own')).toEqual([]);
  expect(() => identity.keys.list(studio, 'all')).toThrow(expect.objectContaining({ code: 'FORBIDDEN' }));
  await expect(identity.keys.revoke(studio, row.id)).rejects.toMatchObject({ code: 'TOKEN_NOT_FOUND' });
  expect(await permissionsOf(key)).toContain('people.manage');

  const own = await identity.keys.create(studio, { name: 'mine', ...forever });
  expect((await identity.keys.list(admin, 'all')).map((one) => one.owner_name).sort()).toEqual([
    'admin',
    'studio',
  ]);
  await identity.keys.revoke(admin, own.row.id);
  await expect(permissionsOf(own.key)).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
});

test('revoking ends keys alone, never a session of the same owner', async () => {
  const { token } = await identity.sessions.issue(studio.id, 'access');
  const { tokenId } = await identity.sessions.authenticate(token);
  await expect(identity.keys.revoke(studio, tokenId ?? '')).rejects.toMatchObject({
    code: 'TOKEN_NOT_FOUND',
  });
  expect(await permissionsOf(token)).toContain('tasks.run');
});

test('a principal has at most a hundred keys, however many are created at once', async () => {
  const wishes = Array.from({ length: 103 }, (_, index) => ({ name: `key ${index}`, ...forever }));
  const results = await Promise.allSettled(wishes.map((wish) => identity.keys.create(studio, wish)));
  expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(3);
  expect(await identity.keys.list(studio, 'own')).toHaveLength(100);
  await expect(identity.keys.create(admin, { name: 'other', ...forever })).resolves.toBeDefined();
});
