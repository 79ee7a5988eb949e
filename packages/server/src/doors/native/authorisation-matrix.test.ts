import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { ASSET_ID, BATCH_ID, TASK_ID } from '../../../test/kit/fake-calls/samples.ts';
import { openTestServer, type TestServer, WORKER_ID } from '../../../test/kit/test-server.ts';

/** Status per actor: anonymous, the owner of the fake task, another client, an admin. */
type Row = readonly [anonymous: number, owner: number, other: number, admin: number];

/** Without a body: authorised, then refused for its media type. */
const UPLOAD = [401, 415, 415, 415] as const;
const OWN_READ = [401, 200, 404, 200] as const;
const MINE = [401, 200, 200, 200] as const;
const ADMIN = [401, 403, 403, 200] as const;
const PUBLIC = [200, 200, 200, 200] as const;

/** Every route of the main listener. The test fails for a route that is missing here: decide who may use it. */
const MATRIX: Readonly<Record<string, Row>> = {
  'POST /api/v2/auth/register': [403, 403, 403, 201],
  'POST /api/v2/auth/token': [401, 401, 401, 401],
  'POST /api/v2/auth/exchange': [401, 401, 401, 401],
  'GET /api/v2/auth/me': MINE,
  'POST /api/v2/auth/links': [401, 403, 403, 201],
  'POST /api/v2/auth/renew': MINE,
  'POST /api/v2/auth/sign-out': [401, 204, 204, 204],
  'GET /api/v2/auth/sessions': MINE,
  'DELETE /api/v2/auth/sessions/:id': [401, 404, 404, 404],
  'GET /api/v2/auth/keys': MINE,
  'POST /api/v2/auth/keys': [401, 201, 201, 201],
  'DELETE /api/v2/auth/keys/:id': [401, 404, 404, 404],
  'POST /api/v2/auth/sign-in': [401, 401, 401, 401],
  'POST /admin/auth/login': [401, 401, 401, 401],
  // Clients have no password.
  'POST /api/v2/auth/password': [401, 403, 403, 403],
  'GET /api/v2/admin/users': ADMIN,
  'POST /api/v2/admin/users': [401, 403, 403, 201],
  'PATCH /api/v2/admin/users/:id': [401, 403, 403, 404],
  'POST /api/v2/admin/users/:id/reset': [401, 403, 403, 404],
  'POST /api/v2/admin/users/:id/sign-out': [401, 403, 403, 404],
  'GET /api/v2/admin/clients': ADMIN,
  'POST /api/v2/admin/clients/:id/revoke': [401, 403, 403, 404],
  'POST /api/v2/admin/clients/:id/rotate': [401, 403, 403, 404],
  'POST /api/v2/admin/clients/:id/grants': [401, 403, 403, 404],
  'GET /api/v2/admin/invitations': ADMIN,
  'POST /api/v2/admin/invitations': [401, 403, 403, 201],
  'DELETE /api/v2/admin/invitations/:id': [401, 403, 403, 404],
  'GET /api/v2/admin/join-tokens': ADMIN,
  'POST /api/v2/admin/join-tokens': [401, 403, 403, 201],
  'DELETE /api/v2/admin/join-tokens/:id': [401, 403, 403, 404],
  'POST /api/v2/tasks': [401, 201, 201, 201],
  'POST /api/v2/tasks/text-to-image': [401, 201, 201, 201],
  'POST /api/v2/tasks/text-to-image-sdxl': [401, 201, 201, 201],
  'POST /api/v2/tasks/image-to-video': [401, 201, 201, 201],
  'POST /api/v2/tasks/reload': ADMIN,
  'GET /api/v2/tasks': MINE,
  'GET /api/v2/tasks/:id': OWN_READ,
  'GET /api/v2/tasks/:id/status': OWN_READ,
  'GET /api/v2/tasks/:id/download': OWN_READ,
  'DELETE /api/v2/tasks/:id': OWN_READ,
  'POST /api/v2/tasks/:id/cancel': OWN_READ,
  'POST /api/v2/tasks/:id/retry': [401, 201, 404, 201],
  'POST /api/fleet/tasks/:id/decide': OWN_READ,
  'GET /api/v2/tasks/:id/events': OWN_READ,
  'GET /api/fleet/tasks/:id/events': OWN_READ,
  'GET /api/fleet/tasks/:id/attempts': OWN_READ,
  'GET /api/fleet/tasks/:id/placement': OWN_READ,
  'GET /api/fleet/tasks/:id/graph': OWN_READ,
  'GET /api/v2/workflows': MINE,
  'GET /api/v2/workflows/:name': MINE,
  'POST /api/v2/workflows/:name/validate': MINE,
  'POST /api/v2/batches': [401, 201, 201, 201],
  'GET /api/v2/batches': MINE,
  'GET /api/v2/batches/:id': OWN_READ,
  'GET /api/v2/batches/:id/events': OWN_READ,
  'POST /api/v2/batches/:id/pause': OWN_READ,
  'POST /api/v2/batches/:id/resume': OWN_READ,
  'POST /api/v2/batches/:id/cancel': OWN_READ,
  'GET /api/projects': MINE,
  'POST /api/projects': [401, 201, 201, 201],
  'GET /api/projects/:id': OWN_READ,
  'PATCH /api/projects/:id': OWN_READ,
  // The third actor is no member, so the project is unknown to it.
  'DELETE /api/projects/:id': [401, 204, 404, 404],
  'GET /api/projects/:id/members': OWN_READ,
  'PUT /api/projects/:id/members': [401, 200, 404, 200],
  'DELETE /api/projects/:id/members/:member': [401, 204, 404, 404],
  'GET /api/v2/jobs/:id': OWN_READ,
  'GET /api/v2/jobs/:id/workflow': OWN_READ,
  'GET /api/v2/jobs/:id/events': OWN_READ,
  'POST /api/v2/jobs/:id/cancel': OWN_READ,
  // Without a form or a hash: authorised, then refused for that.
  'POST /api/v2/assets': [401, 422, 422, 422],
  'POST /api/v2/assets/from-hash': [401, 404, 404, 404],
  'GET /api/v2/assets/:id': OWN_READ,
  'DELETE /api/v2/assets/:id': [401, 204, 404, 204],
  'GET /api/v2/assets/:id/content': OWN_READ,
  'GET /api/v2/config': MINE,
  'POST /api/fleet/uploads': UPLOAD,
  'GET /api/fleet/uploads': MINE,
  'GET /api/fleet/uploads/:id': OWN_READ,
  'DELETE /api/fleet/uploads/:id': [401, 204, 404, 204],
  'GET /api/fleet/assets/:id/content': OWN_READ,
  'GET /api/fleet/policies': ADMIN,
  'POST /api/fleet/policies/test': [401, 403, 403, 200],
  'GET /api/fleet/workers': ADMIN,
  'GET /api/fleet/workers/:id': ADMIN,
  'POST /api/fleet/workers/:id/check': ADMIN,
  'POST /api/fleet/workers/:id/accept': ADMIN,
  'GET /api/fleet/workers/:id/events': ADMIN,
  'GET /api/fleet/events': ADMIN,
  'POST /api/fleet/workers': [401, 403, 403, 201],
  'PATCH /api/fleet/workers/:id': ADMIN,
  'DELETE /api/fleet/workers/:id': ADMIN,
  'POST /api/fleet/workers/:id/drain': ADMIN,
  'POST /api/fleet/workers/:id/enabled': ADMIN,
  'POST /api/fleet/workers/:id/inventory': ADMIN,
  'POST /api/fleet/workers/:id/maintenance': ADMIN,
  'POST /api/fleet/workers/:id/reconnect': ADMIN,
  'GET /api/fleet/workers/:id/logs': ADMIN,
  'GET /api/fleet/stats': ADMIN,
  'GET /api/fleet/models': ADMIN,
  'GET /api/fleet/balancing': ADMIN,
  'GET /api/fleet/placement': ADMIN,
  'PUT /api/fleet/balancing': ADMIN,
  // Needs the join token, which is not a client's token.
  'POST /api/fleet/register': [401, 401, 401, 401],
  'GET /api/fleet/estimates': ADMIN,
  'GET /api/fleet/debug/pending': MINE,
  'POST /api/fleet/debug/check/:id': OWN_READ,
  'GET /api/health': PUBLIC,
  'GET /health': PUBLIC,
  'GET /api/v2/health': PUBLIC,
  'GET /healthz': PUBLIC,
  'GET /readyz': PUBLIC,
  'GET /metrics': ADMIN,
  'GET /openapi.json': PUBLIC,
  'GET /docs': PUBLIC,
  'GET /docs/json': PUBLIC,
  'GET /docs/yaml': PUBLIC,
  'GET /docs/static/index.html': [302, 302, 302, 302],
  'GET /docs/static/swagger-initializer.js': PUBLIC,
  'GET /docs/static/*': [404, 404, 404, 404],
};

/** Routes that need more than a plain request; they have their own tests. */
const ELSEWHERE = new Set(['GET /api/v2/live', 'POST /api/v2/jobs', 'GET /api/fleet/stream']);

const BODIES: Readonly<Record<string, object>> = {
  'POST /api/v2/auth/register': { client_name: 'x' },
  'POST /api/v2/auth/token': { client_id: 'x', client_secret: 'x' },
  'POST /api/v2/auth/exchange': { code: 'x' },
  'POST /api/v2/auth/sign-out': {},
  'POST /api/v2/auth/keys': { name: 'x' },
  'POST /api/v2/admin/invitations': { name: 'x' },
  'POST /api/v2/admin/join-tokens': { name: 'x' },
  'POST /api/v2/auth/sign-in': { username: 'x', password: 'x' },
  'POST /admin/auth/login': { username: 'x', password: 'x' },
  'POST /api/v2/auth/password': { current_password: 'x', new_password: 'x' },
  'POST /api/v2/admin/users': { username: 'x' },
  'PATCH /api/v2/admin/users/:id': { role: 'viewer' },
  'POST /api/v2/admin/users/:id/reset': {},
  'POST /api/v2/admin/clients/:id/grants': { grants: [] },
  'POST /api/v2/tasks': { workflow_name: 'w' },
  'POST /api/v2/tasks/text-to-image': { prompt: 'a cat' },
  'POST /api/v2/tasks/text-to-image-sdxl': { prompt: 'a cat' },
  'POST /api/v2/tasks/image-to-video': { image_path: 'in.png' },
  'POST /api/fleet/tasks/:id/decide': { decision: 'give_up' },
  'POST /api/v2/batches': { workflow_name: 'w', descriptions: ['a cat'] },
  'POST /api/v2/workflows/:name/validate': { parameters: {} },
  'POST /api/fleet/policies/test': { graph: {} },
  'POST /api/fleet/workers': { url: 'http://127.0.0.1:8188' },
  'PATCH /api/fleet/workers/:id': { labels: ['fast'] },
  'POST /api/fleet/workers/:id/maintenance': { on: true },
  'POST /api/fleet/workers/:id/drain': { on: true },
  'POST /api/fleet/workers/:id/enabled': { on: true },
  'POST /api/projects': { name: 'x' },
  'PATCH /api/projects/:id': { name: 'y' },
  'PUT /api/fleet/balancing': { strategy: 'random' },
  'POST /api/fleet/register': { url: 'http://127.0.0.1:8188' },
};

let server: TestServer;
/** A project of the owner with one member, who is none of the actors; a new one for each test. */
let project = { id: '', guest: '' };

beforeAll(async () => {
  server = await openTestServer();
});
beforeEach(async () => {
  const { identity, owner, local } = server;
  const { project_id: id } = await identity.projects.create(owner.principal, { name: 'Film' });
  const { client } = await identity.clients.create({ name: 'guest', description: null, grants: [] });
  await identity.projects.setMember(local.principal, id, { member: client.id, role: 'viewer' });
  project = { id, guest: client.id };
});
afterAll(async () => {
  await server.close();
});

let users = 0;

/** The body for a route. Each names another user: a name is taken once, and guesses of one are limited. */
function readBody(route: string): object | undefined {
  if (route === 'PUT /api/projects/:id/members') return { member: project.guest, role: 'editor' };
  const body = BODIES[route];
  if (body === undefined || !('username' in body)) return body;
  users += 1;
  return { ...body, username: `user-${users}` };
}

function toPath(url: string): string {
  if (url.startsWith('/api/projects/'))
    return url.replace(':id', project.id).replace(':member', project.guest);
  const id = url.includes('/batches/')
    ? BATCH_ID
    : url.includes('/workers/')
      ? WORKER_ID
      : /\/(uploads|assets)\//.test(url)
        ? ASSET_ID
        : TASK_ID;
  return url.replace(':id', id).replace(':name', 'image_to_video_basic').replace('*', 'nothing');
}

test('SE1 every route of the server is in the authorisation matrix', () => {
  const found = server.routes
    .filter(({ method }) => method !== 'HEAD' && method !== 'OPTIONS')
    .map(({ method, url }) => `${method} ${url.length > 1 ? url.replace(/\/$/, '') : url}`);
  expect([...new Set(found)].sort()).toEqual([...Object.keys(MATRIX), ...ELSEWHERE].sort());
});

test.each(Object.keys(MATRIX))('AU4 API12 %s admits only those who may use it', async (route) => {
  const [method = '', url = ''] = route.split(' ');
  const actors = [{}, server.owner.headers, server.other.headers, server.local.headers];
  const statuses: number[] = [];
  for (const headers of actors) {
    const payload = readBody(route);
    const answer = await server.app.inject({
      method: method as 'GET',
      url: toPath(url),
      headers,
      ...(payload ? { payload } : {}),
    });
    statuses.push(answer.statusCode);
  }
  expect(statuses).toEqual(MATRIX[route]);
});

test.each(Object.keys(MATRIX))('AU2 %s answers 401 to an invalid bearer', async (route) => {
  const [method = '', url = ''] = route.split(' ');
  const headers = { authorization: `Bearer cft_${'a'.repeat(43)}` };
  const payload = readBody(route);
  const request = { method: method as 'GET', url: toPath(url), headers, ...(payload ? { payload } : {}) };
  const answer = await server.app.inject(request);
  const isOpen = MATRIX[route] === PUBLIC || url.startsWith('/docs');
  expect(answer.statusCode).toBe(isOpen ? MATRIX[route]?.[0] : 401);
});

/** What an API key may not do, whatever its scopes: it would outlive itself, or end others. */
const KEYS_REFUSED = new Set([
  'POST /api/v2/auth/register',
  'POST /api/v2/auth/links',
  'POST /api/v2/auth/sign-out',
  'DELETE /api/v2/auth/sessions/:id',
  'POST /api/v2/auth/keys',
  'POST /api/v2/auth/password',
  'DELETE /api/v2/auth/keys/:id',
  'POST /api/v2/admin/users',
  'PATCH /api/v2/admin/users/:id',
  'POST /api/v2/admin/users/:id/reset',
  'POST /api/v2/admin/users/:id/sign-out',
  'POST /api/v2/admin/clients/:id/revoke',
  'POST /api/v2/admin/clients/:id/rotate',
  'POST /api/v2/admin/clients/:id/grants',
  'POST /api/v2/admin/invitations',
  'DELETE /api/v2/admin/invitations/:id',
  'POST /api/v2/admin/join-tokens',
  'DELETE /api/v2/admin/join-tokens/:id',
  'DELETE /api/projects/:id',
  'PUT /api/projects/:id/members',
  'DELETE /api/projects/:id/members/:member',
]);

test.each(Object.keys(MATRIX))(
  'AU4 %s admits an API key of an admin as the admin, or refuses keys',
  async (route) => {
    const { key } = await server.identity.keys.create(server.local.principal, {
      name: 'matrix',
      scopes: null,
      lifetimeMs: null,
    });
    const [method = '', url = ''] = route.split(' ');
    const payload = readBody(route);
    const answer = await server.app.inject({
      method: method as 'GET',
      url: toPath(url),
      headers: { authorization: `Bearer ${key}` },
      ...(payload ? { payload } : {}),
    });
    await server.db.commit([{ query: server.db.k.deleteFrom('token').where('purpose', '=', 'key') }]);
    expect(answer.statusCode).toBe(KEYS_REFUSED.has(route) ? 403 : MATRIX[route]?.[3]);
  },
);

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
