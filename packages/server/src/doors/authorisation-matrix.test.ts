import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ACTORS, type Cast, createCast, INVALID } from '../../test/kit/authorisation/actors.ts';
import { printMatrix } from '../../test/kit/authorisation/print-matrix.ts';
import { sendRequest, WATCHES, watchLive } from '../../test/kit/authorisation/requests.ts';
import { LIVE_MATRIX, MATRIX } from '../../test/kit/authorisation/rows.ts';
import { sampleTask, TASK_ID } from '../../test/kit/fake-calls/samples.ts';
import { openTestServer, type TestServer } from '../../test/kit/test-server.ts';

/** The fakes know one job, which is the owner's; e2e/comfy-v2 and e2e/native-access show who may submit. */
const ELSEWHERE = new Set(['POST /api/v2/jobs']);

let server: TestServer;
let cast: Cast;
let port = 0;
let shared: { id: string; guest: string };

beforeAll(async () => {
  server = await openTestServer();
  cast = await createCast(server);
  shared = await cast.createProject();
  const { attempts: _attempts, ...task } = sampleTask(server.owned.id, 1);
  server.streams.frames = [{ kind: 'snapshot', task }];
  await server.app.listen({ host: '127.0.0.1', port: 0 });
  port = (server.app.server.address() as AddressInfo).port;
});
afterAll(() => server?.close());

/** A project that a request may delete, where it could. */
const findProject = async (route: string) => (route.includes('/projects/') ? cast.createProject() : shared);

test('SE1 every route of the server is in the authorisation matrix', () => {
  const found = server.routes
    .filter(({ method }) => method !== 'HEAD' && method !== 'OPTIONS')
    .map(({ method, url }) => `${method} ${url.length > 1 ? url.replace(/\/$/, '') : url}`);
  expect([...new Set(found)].sort()).toEqual([...Object.keys(MATRIX), ...ELSEWHERE].sort());
});

describe.each(Object.entries(MATRIX))('%s', (route, row) => {
  test('AU4 API12 admits only those who may use it', async () => {
    const { invalid: _invalid, ...expected } = row;
    const statuses: Record<string, number> = {};
    for (const actor of ACTORS) {
      const headers = cast.headers[actor];
      statuses[actor] = await sendRequest(server, route, { headers, project: await findProject(route) });
    }
    expect(statuses).toEqual(expected);
  });

  test('AU2 admits no bearer that stands for nobody', async () => {
    const statuses: Record<string, number> = {};
    for (const kind of INVALID)
      statuses[kind] = await sendRequest(server, route, { headers: cast.invalid[kind], project: shared });
    expect(statuses).toEqual(Object.fromEntries(INVALID.map((kind) => [kind, row.invalid])));
  });
});

test.each(Object.entries(LIVE_MATRIX))('AU7 %s admits only those who may see it', async (watch, row) => {
  const statuses: Record<string, number> = {};
  for (const actor of ACTORS) {
    const token = (cast.headers[actor].authorization ?? '').slice('Bearer '.length);
    statuses[actor] = await watchLive(port, WATCHES[watch] ?? {}, token);
  }
  for (const kind of INVALID) {
    const token = (cast.invalid[kind].authorization ?? '').slice('Bearer '.length);
    expect([kind, await watchLive(port, WATCHES[watch] ?? {}, token)]).toEqual([kind, row.invalid]);
  }
  expect({ ...statuses, invalid: row.invalid }).toEqual(row);
});

test('P21 AU7 a foreign task and an unknown one answer the same, byte for byte', async () => {
  const headers = server.other.headers;
  const foreign = await server.app.inject({ url: `/api/v2/tasks/${TASK_ID}`, headers });
  const unknown = await server.app.inject({
    url: '/api/v2/tasks/01900000-0000-7000-8000-0000000000ff',
    headers,
  });
  const nonsense = await server.app.inject({ url: '/api/v2/tasks/nonsense', headers });
  const strip = (body: string) => body.replace(/"request_id":"[^"]+"/, '');
  expect(strip(unknown.body)).toBe(strip(foreign.body));
  expect(strip(nonsense.body)).toBe(strip(foreign.body));
});

test('SE1 docs/reference/authorisation.md is the matrix', async () => {
  const page = printMatrix({ ...MATRIX, ...LIVE_MATRIX });
  await expect(page).toMatchFileSnapshot('../../../../docs/reference/authorisation.md');
});
