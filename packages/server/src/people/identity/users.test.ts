import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeClock } from '@comfleet/test-kit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openMemoryDatabase } from '../../../test/kit/memory-database.ts';
import type { Tables } from '../../app/tables.ts';
import type { Database } from '../../platform/database/database.ts';
import { systemRandom } from '../../platform/time/clock.ts';
import { createFirstPasswordRemoval, openFirstAdmin } from './first-admin.ts';
import { type Identity, openIdentity } from './identity.ts';
import { createPrincipal, type Principal } from './principal.ts';

const HERE = { address: '127.0.0.1', userAgent: 'test' };
const ELSEWHERE = { address: '203.0.113.9', userAgent: 'guesser' };
const PASSWORD = 'correct horse 电池 staple';

let clock = new FakeClock();
let db: Database<Tables>;
let folder = '';
let identity: Identity;
let admin: Principal;

beforeEach(async () => {
  clock = new FakeClock();
  db = await openMemoryDatabase(clock);
  folder = await mkdtemp(join(tmpdir(), 'comfleet-users-'));
  identity = openIdentity(
    { db, clock, random: systemRandom },
    {
      ...{
        tokenLifetimeMs: 86_400_000,
        signInLifetimeMs: 86_400_000,
        oidcLifetimeMs: 3_600_000,
        registration: 'admin',
      },
      onPasswordSet: createFirstPasswordRemoval(folder),
    },
  );
  const { client } = await identity.clients.create({ name: 'local', description: null, grants: ['admin'] });
  admin = createPrincipal({ ...client, kind: 'client' });
});

afterEach(async () => {
  await db.close();
  await rm(folder, { recursive: true });
});

async function signIn(name: string, password: string, origin = HERE) {
  const { issued } = await identity.users.signIn(name, password, { purpose: 'browser', origin });
  return identity.sessions.authenticate(issued.token);
}

async function addAda(role: 'member' | 'viewer' | 'operator' | 'admin' = 'member') {
  return (await identity.users.add(admin, { name: 'Ada', role, password: PASSWORD })).user;
}

test('AU9 SE3 a user signs in by name and password, of which only the argon2id string is stored', async () => {
  await addAda();

  const { principal, purpose } = await signIn(' ADA ', PASSWORD);

  expect(purpose).toBe('browser');
  expect(principal).toMatchObject({ kind: 'user', name: 'Ada', role: 'member', permissions: ['tasks.run'] });
  const stored = JSON.stringify(await db.read(db.k.selectFrom('principal').selectAll()));
  expect(stored).toContain('$argon2id$v=19$m=19456,t=2,p=1$');
  expect(stored).not.toContain(PASSWORD);
});

test.each([
  ['Ada', 'wrong password'],
  ['Ada', ''],
  ['nobody', PASSWORD],
  ["' or 1=1 --", PASSWORD],
])('SE4 %j with %j is refused like every other wrong sign-in', async (name, password) => {
  await addAda();
  await expect(signIn(name, password)).rejects.toMatchObject({ code: 'UNAUTHORIZED', details: {} });
});

test('AU3 a first admin is made once, with a password of its own in a private file until it is changed', async () => {
  const first = await openFirstAdmin({ users: identity.users, random: systemRandom }, folder, undefined);

  expect(first?.password).toMatch(/^([a-z2-9]{5}-){3}[a-z2-9]{5}$/);
  const file = first?.file ?? '';
  expect(await readFile(file, 'utf8')).toBe(`admin\n${first?.password}\n`);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await openFirstAdmin({ users: identity.users, random: systemRandom }, folder, undefined)).toBe(null);
  const session = await signIn('admin', first?.password ?? '');
  expect(session.principal.role).toBe('admin');
  await identity.users.changePassword(session, first?.password ?? '', PASSWORD);
  await expect(stat(file)).rejects.toMatchObject({ code: 'ENOENT' });
  expect((await signIn('admin', PASSWORD)).principal.permissions).toContain('people.manage');
});

test('AU3 admin/admin never works, and the response says where the password is', async () => {
  await openFirstAdmin({ users: identity.users, random: systemRandom }, folder, undefined);
  await expect(signIn('admin', 'admin')).rejects.toMatchObject({
    code: 'SAMPLE_PASSWORD',
    message: expect.stringContaining('admin-password'),
  });
  await expect(
    openFirstAdmin({ users: identity.users, random: systemRandom }, folder, 'admin'),
  ).resolves.toBe(null);
});

test.each(['admin', 'password', 'changeme', '12345678', 'short'])(
  'AU3 COMFLEET_ADMIN_PASSWORD=%s is refused, and no user is made',
  async (password) => {
    await expect(
      openFirstAdmin({ users: identity.users, random: systemRandom }, folder, password),
    ).rejects.toMatchObject({
      code: 'ADMIN_PASSWORD_REFUSED',
    });
    expect(await identity.users.hasAny()).toBe(false);
  },
);

test('AU3 a first admin with the password of the environment has no file', async () => {
  expect(await openFirstAdmin({ users: identity.users, random: systemRandom }, folder, PASSWORD)).toEqual({
    name: 'admin',
    password: null,
    file: null,
  });
  expect((await signIn('admin', PASSWORD)).principal.role).toBe('admin');
});

test.each([
  ['1234567', 'too_short'],
  ['password1', 'common'],
  ['PassWord1', 'common'],
  ['my-ada-password', 'name'],
  ['x'.repeat(129), 'too_long'],
])('the password %j is refused: %s', async (password, reason) => {
  await expect(identity.users.add(admin, { name: 'Ada', role: 'member', password })).rejects.toMatchObject({
    code: 'PASSWORD_REFUSED',
    details: { reason },
  });
});

test.each(['x'.repeat(128), '密码'.repeat(20), `${'🦊'.repeat(64)} and more`])(
  'SE3 a long password of any script is taken whole: %j',
  async (password) => {
    await identity.users.add(admin, { name: 'Ada', role: 'member', password });
    expect((await signIn('ada', password)).principal.name).toBe('Ada');
    await expect(signIn('ada', password.slice(0, -1))).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
  },
);

test('AU9 a name is taken once, however it is written', async () => {
  await addAda();
  for (const name of ['ada', 'ADA ', 'Ａda'])
    await expect(identity.users.add(admin, { name, role: 'member' })).rejects.toMatchObject({
      code: 'NAME_TAKEN',
    });
  for (const name of ['', ' ', '\u202eada', 'a\nb', '-x', 'x'.repeat(61)])
    await expect(identity.users.add(admin, { name, role: 'member' })).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
    });
});

test('AU9 a role applies at once to sessions that are open', async () => {
  const ada = await addAda();
  const session = await signIn('ada', PASSWORD);
  let checks = 0;
  identity.sessions.onRecheck(() => {
    checks += 1;
  });
  await identity.users.change(admin, ada.id, { role: 'viewer' });
  expect(checks).toBe(1);
  expect((await identity.sessions.refresh(session))?.principal).toMatchObject({
    role: 'viewer',
    permissions: [],
  });
});

test('AU2 AU9 a disabled user is refused at once, and let in again with the same password', async () => {
  const ada = await addAda();
  const session = await signIn('ada', PASSWORD);
  await identity.users.change(admin, 'Ada', { disabled: true });
  expect(await identity.sessions.refresh(session)).toBe(null);
  await expect(signIn('ada', PASSWORD)).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
  await expect(identity.users.reset(admin, 'ada')).rejects.toMatchObject({ code: 'USER_DISABLED' });
  await identity.users.change(admin, ada.id, { disabled: false });
  expect(await identity.sessions.refresh(session)).toBe(null);
  expect((await signIn('ada', PASSWORD)).principal.id).toBe(ada.id);
});

test('AU9 a reset ends every session of the user and shows the new password once', async () => {
  await addAda();
  const session = await signIn('ada', PASSWORD);
  const { password } = await identity.users.reset(admin, 'ada');
  expect(await identity.sessions.refresh(session)).toBe(null);
  await expect(signIn('ada', PASSWORD)).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
  expect((await signIn('ada', password ?? '')).principal.name).toBe('Ada');
});

test("a user's own change of the password ends all of its other sessions", async () => {
  await addAda();
  const [one, other] = [await signIn('ada', PASSWORD), await signIn('ada', PASSWORD)];
  await expect(identity.users.changePassword(one, 'wrong', 'another long one')).rejects.toMatchObject({
    code: 'UNAUTHORIZED',
  });
  await identity.users.changePassword(one, PASSWORD, 'another long one');
  expect(await identity.sessions.refresh(one)).not.toBe(null);
  expect(await identity.sessions.refresh(other)).toBe(null);
});

test('AU9 only people.manage creates, changes and lists users, and nobody its own account', async () => {
  const ada = await addAda('operator');
  const { principal } = await signIn('ada', PASSWORD);
  const { users } = identity;
  for (const act of [
    () => users.list(principal),
    () => users.add(principal, { name: 'eve', role: 'admin' }),
    () => users.change(principal, ada.id, { role: 'admin' }),
    () => users.reset(principal, 'ada'),
    () => users.signOut(principal, 'ada'),
  ])
    await expect(act()).rejects.toMatchObject({ code: 'FORBIDDEN' });
  const boss = (await users.add(admin, { name: 'boss', role: 'admin', password: PASSWORD })).user;
  const self = (await signIn('boss', PASSWORD)).principal;
  await expect(users.change(self, boss.id, { role: 'member' })).rejects.toMatchObject({
    code: 'OWN_ACCOUNT',
  });
});

test('SE4 of 1,000 guesses at most twenty a minute are checked, and the owner still signs in from where it works', async () => {
  await addAda();
  await signIn('ada', PASSWORD);
  const codes: unknown[] = [];
  for (let guess = 0; guess < 1000; guess += 1) {
    const origin = { ...ELSEWHERE, address: `203.0.113.${guess % 200}` };
    codes.push(await signIn('ada', `guess ${guess}`, origin).catch((error: { code: unknown }) => error.code));
  }
  expect(codes.filter((code) => code === 'UNAUTHORIZED')).toHaveLength(20);
  expect(codes.filter((code) => code === 'RATE_LIMITED')).toHaveLength(980);
  expect((await signIn('ada', PASSWORD)).principal.name).toBe('Ada');
  clock.advance(60_000);
  expect((await signIn('ada', PASSWORD, ELSEWHERE)).principal.name).toBe('Ada');
});

test('SE4 right passwords count for no limit, from whatever address', async () => {
  await addAda();
  for (let visit = 0; visit < 30; visit += 1) {
    const origin = { ...ELSEWHERE, address: `203.0.113.${visit}` };
    expect((await signIn('ada', PASSWORD, origin)).principal.name).toBe('Ada');
    expect((await signIn('ada', PASSWORD)).principal.name).toBe('Ada');
  }
});

test('an admin replaces its own password with the current one only', async () => {
  await addAda('admin');
  const { principal } = await signIn('ada', PASSWORD);
  await expect(identity.users.reset(principal, 'ada')).rejects.toMatchObject({ code: 'OWN_ACCOUNT' });
});

test('the first password stays in its file while other users get new ones', async () => {
  const made = await openFirstAdmin({ users: identity.users, random: systemRandom }, folder, undefined);
  await addAda();
  await identity.users.reset(admin, 'ada');
  expect(await readFile(made?.file ?? '', 'utf8')).toContain(made?.password);
});

test('join tokens stay when their maker changes its password, and end with a reset', async () => {
  await addAda('admin');
  const session = await signIn('ada', PASSWORD);
  await identity.joinTokens.create(session.principal, { name: 'rack', lifetimeMs: null });
  await identity.users.changePassword(session, PASSWORD, 'another long one');
  expect(await identity.joinTokens.list(admin)).toHaveLength(1);
  await identity.users.reset(admin, 'ada');
  expect(await identity.joinTokens.list(admin)).toEqual([]);
});

test('a sign-in with the old password does not outlive a reset at the same moment', async () => {
  await addAda();
  const signIns = Array.from({ length: 8 }, () => signIn('ada', PASSWORD).catch(() => null));
  await identity.users.reset(admin, 'ada');
  for (const session of await Promise.all(signIns))
    if (session !== null) expect(await identity.sessions.refresh(session)).toBe(null);
});

test('a password is the same however its accents are written', async () => {
  await identity.users.add(admin, { name: 'Ada', role: 'member', password: 'caf\u00e9 au lait' });
  expect((await signIn('ada', 'cafe\u0301 au lait')).principal.name).toBe('Ada');
});

test('SE4 guesses from one address at the same moment are limited together', async () => {
  await addAda();
  const tries = Array.from({ length: 100 }, (_, index) => signIn('ada', `guess ${index}`, ELSEWHERE));
  const codes = (await Promise.allSettled(tries)).map((end) =>
    end.status === 'rejected' ? (end.reason as { code: string }).code : 'in',
  );
  expect(codes.filter((code) => code === 'UNAUTHORIZED').length).toBeLessThanOrEqual(10);
});
