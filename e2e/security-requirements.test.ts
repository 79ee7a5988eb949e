import { join } from 'node:path';
import {
  type Json,
  type RunningServer,
  readResponse,
  sendRequest,
  startServer,
} from '@comfleet/test-kit/server';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dumpDatabase } from './bad-inputs/read-everything.ts';
import { picture } from './support/graphs.ts';

/*
 * Requirements of OWASP ASVS that hold for every route and have no test of their own elsewhere; docs/security/asvs.md has the
 * table of all.
 */

let rig: RunningServer;
let reads: string[];

beforeAll(async () => {
  rig = await startServer({ simulators: [{}] });
  await rig.whenOnline();
  const task = await rig.run(rig.token, { graph: picture() });
  const { workers } = (await rig.ask(rig.token, 'GET /api/fleet/workers')).json;
  const user = { username: 'mira', role: 'member', password: 'correct horse battery' };
  await rig.ask(rig.token, 'POST /api/v2/admin/users', { body: user });
  const document = (await rig.ask(null, 'GET /openapi.json')).json;
  reads = listReads(document).map((path) =>
    path
      .replace('/workers/{id}', `/workers/${workers[0].worker_id}`)
      .replace(/\/(assets|uploads)\/\{id\}/, `/$1/${task.results[0].asset_id}`)
      .replace('{id}', task.task_id)
      .replace('{name}', 'solid_color'),
  );
});
afterAll(() => rig?.close());

/** Paths of all operations that read; without the stream that never ends. */
function listReads(document: Json): string[] {
  const paths = Object.entries<Json>(document.paths).filter(([, item]) => item.get);
  return [
    ...paths.map(([path]) => path).filter((path) => path !== '/api/fleet/stream'),
    '/docs',
    '/client/',
    '/',
    '/none',
  ];
}

const read = async (path: string, method = 'GET') =>
  readResponse(await sendRequest({ url: rig.url, token: rig.token }, `${method} ${path}`));

/** All rows, without those that the fleet writes by itself and without when a token was last used. */
async function loadRows(): Promise<[string, string][]> {
  const dump = await dumpDatabase({ driver: 'sqlite', file: join(rig.dataDir, 'comfleet.db') });
  return [...dump]
    .filter(([table]) => !/^table (worker|instance|measured|estimate)/.test(table))
    .map(([table, rows]) => [table, rows.replace(/last_used_at=\S+/g, '')]);
}

test('SE8 no GET and no HEAD changes anything', async () => {
  const before = await loadRows();
  for (const path of reads) {
    await read(path);
    await read(path, 'HEAD');
  }
  expect(reads.length).toBeGreaterThan(50);
  expect(before.length).toBeGreaterThan(10);
  expect(await loadRows()).toEqual(before);
});

test('every response with a body names its type, and texts their character set', async () => {
  const types = new Map<string, string>();
  for (const path of reads) {
    const { text, headers } = await read(path);
    if (text !== '') types.set(path, headers.get('content-type') ?? 'none');
  }
  const unclear = [...types].filter(
    ([, type]) =>
      !/^image\/png$|^application\/octet-stream$|^application\/zip$|; ?charset=utf-8$|openmetrics/.test(type),
  );
  expect(types.size).toBeGreaterThan(50);
  expect(unclear).toEqual([]);
});

test('no response sets a cookie, allows another origin or may be sniffed', async () => {
  for (const path of reads) {
    const { headers } = await read(path);
    const names = ['set-cookie', 'access-control-allow-origin', 'x-content-type-options'];
    expect([path, ...names.map((name) => headers.get(name))]).toEqual([path, null, null, 'nosniff']);
  }
});

test('no list of users, clients, keys or sessions has a field of a hash', async () => {
  for (const path of [
    'admin/users',
    'admin/clients',
    'auth/keys?owner=all',
    'auth/sessions',
    'admin/invitations',
  ]) {
    const { status, text } = await read(`/api/v2/${path}`);
    expect([path, status, /hash|argon2|secret_set_at/.test(text)]).toEqual([path, 200, false]);
  }
});

test('every sign-in draws a new token, and signing out ends that one at once', async () => {
  const body = { username: 'mira', password: 'correct horse battery' };
  const signIn = async () => (await rig.ask(null, 'POST /api/v2/auth/sign-in', { body })).json.access_token;
  const [first, second] = [await signIn(), await signIn()];
  const statusOf = async (token: string) => (await rig.ask(token, 'GET /api/v2/auth/me')).status;
  expect(first).not.toBe(second);
  await rig.ask(second, 'POST /api/v2/auth/sign-out', { body: {} });
  expect([await statusOf(first), await statusOf(second)]).toEqual([200, 401]);
});
