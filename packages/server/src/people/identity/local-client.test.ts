import { mkdtemp, readFile, rm, stat, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeClock } from '@comfleet/test-kit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openMemoryDatabase } from '../../../test/kit/memory-database.ts';
import type { Tables } from '../../app/tables.ts';
import type { Database } from '../../platform/database/database.ts';
import { systemRandom } from '../../platform/time/clock.ts';
import { openIdentity } from './identity.ts';
import { openLocalClient } from './local-client.ts';

let folder = '';
let db: Database<Tables>;
const clock = new FakeClock();

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'comfleet-local-'));
  db = await openMemoryDatabase(clock);
});
afterEach(async () => {
  await db.close();
  await rm(folder, { recursive: true });
});

function start(url: string, database = db) {
  const deps = { db: database, clock, random: systemRandom };
  const identity = openIdentity(deps, {
    tokenLifetimeMs: 60_000,
    signInLifetimeMs: 3_600_000,
    oidcLifetimeMs: 3_600_000,
    registration: 'admin',
  });
  return openLocalClient({ ...deps, identity }, folder, url);
}

test('SE2 the first start makes an admin client and a file that only its owner reads', async () => {
  const local = await start('http://127.0.0.1:8000');
  expect(local.wasCreated).toBe(true);
  expect(local.principal).toMatchObject({ kind: 'client', name: 'local', grants: ['admin', 'raw_graph'] });
  expect((await stat(local.file)).mode & 0o777).toBe(0o600);
  expect(JSON.parse(await readFile(local.file, 'utf8'))).toEqual({
    url: 'http://127.0.0.1:8000',
    client_id: local.principal.id,
    client_secret: expect.stringMatching(/^cfs_/),
    token: local.token,
  });
});

test('the next start keeps the credential and writes its own address', async () => {
  const first = await start('http://127.0.0.1:8000');
  const second = await start('http://127.0.0.1:8001');
  expect(second).toMatchObject({ token: first.token, wasCreated: false });
  expect(JSON.parse(await readFile(second.file, 'utf8')).url).toBe('http://127.0.0.1:8001');
});

test('a lost file gets new secrets for the same client, and the old token ends', async () => {
  const first = await start('http://a');
  await unlink(first.file);
  const second = await start('http://a');
  expect(second.principal.id).toBe(first.principal.id);
  const identity = openIdentity(
    { db, clock, random: systemRandom },
    {
      tokenLifetimeMs: 60_000,
      signInLifetimeMs: 3_600_000,
      oidcLifetimeMs: 3_600_000,
      registration: 'admin',
    },
  );
  await expect(identity.sessions.authenticate(first.token)).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
  expect((await identity.sessions.authenticate(second.token)).principal.id).toBe(first.principal.id);
});

test('a file that belongs to another database is replaced', async () => {
  const first = await start('http://a');
  const fresh = await openMemoryDatabase(clock);
  const second = await start('http://a', fresh);
  expect(second.wasCreated).toBe(true);
  expect(second.token).not.toBe(first.token);
  await fresh.close();
});
