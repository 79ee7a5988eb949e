import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as readText } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Cast, createCast } from '../../test/kit/authorisation/actors.ts';
import { openRequest } from '../../test/kit/authorisation/requests.ts';
import { openTestServer, type TestServer } from '../../test/kit/test-server.ts';

/* Every route of the server, with and without a token, and what no route is: what each response has in its head. */

interface Seen {
  route: string;
  status: number;
  headers: Record<string, unknown>;
  body: string;
}

let folder: string;
let server: TestServer;
const seen: { anyone: Seen[]; admin: Seen[] } = { anyone: [], admin: [] };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'comfleet-headers-'));
  await mkdir(join(folder, 'assets'));
  await writeFile(join(folder, 'index.html'), '<!doctype html><html lang="en"></html>');
  server = await openTestServer({ clientFolder: folder });
  const cast = await createCast(server);
  const routes = [
    ...server.routes.map(({ method, url }) => `${method} ${url}`),
    ...[
      'GET /nowhere',
      'TRACE /healthz',
      'PROPFIND /api/v2/tasks',
      'PUT /api/v2/tasks',
      'GET /client/none.js',
    ],
    ...['OPTIONS /api/v2/tasks', 'GET /api/v2/tasks/%00', 'GET /%', 'POST /api/v2/tasks?x=%'],
  ];
  for (const route of routes) {
    seen.anyone.push(await see(cast, route, {}));
    seen.admin.push(await see(cast, route, server.local.headers));
  }
}, 60_000);
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

async function see(cast: Cast, route: string, headers: Record<string, string>): Promise<Seen> {
  const project = route.includes('/projects') ? await cast.createProject() : { id: '', guest: '' };
  const answer = await openRequest(server, route, { headers, project });
  const stream = answer.stream();
  const isEndless = answer.headers['content-type']?.toString().startsWith('text/event-stream') === true;
  if (isEndless) stream.destroy();
  const body = isEndless ? '' : await readText(stream);
  return { route, status: answer.statusCode, headers: answer.headers, body };
}

const all = () => [...seen.anyone, ...seen.admin];

test('SE19 every response of every route has the same security headers', () => {
  const expected = {
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'x-frame-options': 'DENY',
  };
  const lacking = all().filter(({ headers }) =>
    Object.entries(expected).some(([name, value]) => headers[name] !== value),
  );
  expect(lacking.map(({ route, status }) => `${route}: ${status}`)).toEqual([]);
  const statuses = new Set(all().map(({ status }) => status));
  expect([200, 201, 302, 400, 401, 404, 405].filter((status) => !statuses.has(status))).toEqual([]);
  expect(all().length).toBeGreaterThan(300);
});

test('SE19 the policy of every response forbids scripts written into pages, and frames', () => {
  const policies = new Map<string, Set<string>>();
  for (const { route, headers } of all()) {
    const policy = String(headers['content-security-policy']);
    policies.set(policy, (policies.get(policy) ?? new Set()).add(route));
  }
  const [everywhere, ...special] = [...policies].sort(([, a], [, b]) => b.size - a.size);
  expect(everywhere?.[0]).toBe(
    "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  );
  expect(special.map(([, routes]) => [...routes].sort())).toMatchInlineSnapshot(`
    [
      [
        "GET /docs",
        "GET /docs/json",
        "GET /docs/static/*",
        "GET /docs/static/index.html",
        "GET /docs/static/swagger-initializer.js",
        "GET /docs/yaml",
        "HEAD /docs",
        "HEAD /docs/json",
        "HEAD /docs/static/*",
        "HEAD /docs/static/index.html",
        "HEAD /docs/static/swagger-initializer.js",
        "HEAD /docs/yaml",
      ],
      [
        "GET /",
        "GET /client",
        "GET /client/*",
        "GET /client/none.js",
        "HEAD /",
        "HEAD /client",
        "HEAD /client/*",
      ],
      [
        "GET /api/fleet/assets/:id/content",
        "GET /api/v2/assets/:id/content",
        "GET /api/v2/tasks/:id/download",
        "HEAD /api/fleet/assets/:id/content",
        "HEAD /api/v2/assets/:id/content",
        "HEAD /api/v2/tasks/:id/download",
      ],
    ]
  `);
  for (const policy of policies.keys()) {
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/script-src[^;]*unsafe|unsafe-eval|\*/);
  }
});

test('SE19 only the API pages, which have no data, may have styles written into them', () => {
  const lax = all().filter(({ headers }) => /unsafe/.test(String(headers['content-security-policy'])));
  expect(lax.filter(({ route }) => !/ \/docs(\/|$)/.test(route))).toEqual([]);
});

test('SE19 without a token no response names the version, the framework or a line of our code', () => {
  const revealing = seen.anyone.filter(
    ({ headers, body }) =>
      'server' in headers ||
      'x-powered-by' in headers ||
      /0\.0\.0-test|fastify|node_modules|\bat .*\.(ts|js):\d/i.test(JSON.stringify(headers) + body),
  );
  expect(revealing.map(({ route }) => route)).toEqual([]);
});

test('AU12 no response lets a page of another origin read it', () => {
  const open = all().filter(({ headers }) => 'access-control-allow-origin' in headers);
  expect(open.map(({ route }) => route)).toEqual([]);
});

test('SE8 no response sets a cookie but those of a sign-in on its way to a provider', () => {
  const setting = all().filter(({ headers }) => 'set-cookie' in headers);
  expect(setting.filter(({ route }) => !route.includes(' /api/v2/auth/oidc/'))).toEqual([]);
});
