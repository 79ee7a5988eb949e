import type { Principal } from '../../../src/people/identity/principal.ts';
import { type TestServer, WORKER_ID } from '../test-server.ts';

/** A request that is carried out: to this path, with this body, as this caller. */
export interface Act {
  path: string;
  body?: object;
  headers?: Record<string, string>;
}

/** Prepares what a route changes, for one act. */
type PrepareAct = (server: TestServer, admin: Principal) => Promise<Act>;

/** Changes without an entry in the audit log, and where they are recorded instead. */
export const NOT_AUDITED: Readonly<Record<string, string>> = {
  'POST /api/v2/auth/renew': 'a browser that is still there; the session is listed',
  'POST /api/v2/tasks': 'a task has events of its own',
  'POST /api/v2/tasks/text-to-image': 'as above',
  'POST /api/v2/tasks/text-to-image-sdxl': 'as above',
  'POST /api/v2/tasks/image-to-video': 'as above',
  'DELETE /api/v2/tasks/:id': 'as above: the event names who canceled it',
  'POST /api/v2/tasks/:id/cancel': 'as above',
  'POST /api/v2/tasks/:id/retry': 'as above',
  'POST /api/fleet/tasks/:id/decide': 'as above',
  'POST /api/v2/batches': 'the tasks have events',
  'POST /api/v2/batches/:id/pause': 'as above',
  'POST /api/v2/batches/:id/resume': 'as above',
  'POST /api/v2/batches/:id/cancel': 'as above',
  'POST /api/v2/jobs': 'a task has events of its own',
  'POST /api/v2/jobs/:id/cancel': 'as above',
  'POST /api/v2/assets': "one's own files",
  'POST /api/v2/assets/from-hash': 'as above',
  'DELETE /api/v2/assets/:id': 'as above',
  'POST /api/fleet/uploads': 'as above',
  'DELETE /api/fleet/uploads/:id': 'as above',
  'POST /api/v2/workflows/:name/validate': 'changes nothing',
  'POST /api/fleet/policies/test': 'changes nothing',
  'POST /api/fleet/debug/check/:id': 'changes nothing',
  'POST /api/fleet/register': 'workers have events of their own; each sends this every half minute',
};

const PASSWORD = 'correct horse battery staple';
const ORIGIN = { address: '127.0.0.1', userAgent: 'test' };
let made = 0;

const to =
  (path: string, body?: object): PrepareAct =>
  async () => ({ path, ...(body && { body }) });

async function createUser({ identity }: TestServer) {
  made += 1;
  const { user } = await identity.users.create({
    name: `person-${made}`,
    role: 'member',
    password: PASSWORD,
  });
  return user;
}

const onUser =
  (suffix: string, body?: object): PrepareAct =>
  async (server) => {
    const { id } = await createUser(server);
    return { path: `/api/v2/admin/users/${id}${suffix}`, ...(body && { body }) };
  };

const createClient = ({ identity }: TestServer) =>
  identity.clients.create({ name: 'renderer', description: null, grants: [] });

const onClient =
  (suffix: string, body?: object): PrepareAct =>
  async (server) => {
    const { client } = await createClient(server);
    return { path: `/api/v2/admin/clients/${client.id}${suffix}`, ...(body && { body }) };
  };

const onQuota =
  (body?: object): PrepareAct =>
  async (server) => {
    const { id } = await createUser(server);
    return { path: `/api/v2/admin/quotas/${id}`, ...(body && { body }) };
  };

const onProject =
  (suffix: string, body?: object): PrepareAct =>
  async ({ identity }, admin) => {
    const { project_id: id } = await identity.projects.create(admin, { name: 'Film' });
    return { path: `/api/projects/${id}${suffix}`, ...(body && { body }) };
  };

const onWorker = (suffix: string, body?: object): PrepareAct =>
  to(`/api/fleet/workers/${WORKER_ID}${suffix}`, body);

const signIn =
  (path: string): PrepareAct =>
  async (server) => {
    const { name: username } = await createUser(server);
    return { path, body: { username, password: PASSWORD }, headers: {} };
  };

/** One act of every route that has an entry in the audit log. */
export const ACTS: Readonly<Record<string, PrepareAct>> = {
  'POST /api/v2/auth/register': to('/api/v2/auth/register', { client_name: 'renderer' }),
  'POST /api/v2/auth/token': async (server) => {
    const { client, secret } = await createClient(server);
    const body = { client_id: client.id, client_secret: secret };
    return { path: '/api/v2/auth/token', body, headers: {} };
  },
  'POST /api/v2/auth/exchange': async ({ identity }, admin) => {
    const { code } = await identity.sessions.createSignInCode(admin.id);
    return { path: '/api/v2/auth/exchange', body: { code }, headers: {} };
  },
  'POST /api/v2/auth/sign-in': signIn('/api/v2/auth/sign-in'),
  'POST /admin/auth/login': signIn('/admin/auth/login'),
  'POST /api/v2/auth/links': to('/api/v2/auth/links'),
  'POST /api/v2/auth/sign-out': to('/api/v2/auth/sign-out', {}),
  'DELETE /api/v2/auth/sessions/:id': async ({ identity }, admin) => {
    await identity.sessions.issue(admin.id, 'browser', ORIGIN);
    const sessions = await identity.sessions.list(admin.id);
    const browser = sessions.find(({ purpose }) => purpose === 'browser');
    return { path: `/api/v2/auth/sessions/${browser?.id}` };
  },
  'POST /api/v2/auth/keys': to('/api/v2/auth/keys', { name: 'laptop' }),
  'DELETE /api/v2/auth/keys/:id': async ({ identity }, admin) => {
    const { row } = await identity.keys.create(admin, { name: 'old', scopes: null, lifetimeMs: null });
    return { path: `/api/v2/auth/keys/${row.id}` };
  },
  'POST /api/v2/auth/password': async (server) => {
    const { name } = await createUser(server);
    const { issued } = await server.identity.users.signIn(name, PASSWORD, {
      purpose: 'access',
      origin: ORIGIN,
    });
    return {
      path: '/api/v2/auth/password',
      body: { current_password: PASSWORD, new_password: `${PASSWORD} again` },
      headers: { authorization: `Bearer ${issued.token}` },
    };
  },
  'POST /api/v2/admin/users': to('/api/v2/admin/users', { username: 'newcomer' }),
  'PATCH /api/v2/admin/users/:id': onUser('', { role: 'viewer' }),
  'POST /api/v2/admin/users/:id/reset': onUser('/reset', {}),
  'POST /api/v2/admin/users/:id/sign-out': onUser('/sign-out'),
  'POST /api/v2/admin/clients/:id/revoke': onClient('/revoke'),
  'POST /api/v2/admin/clients/:id/rotate': onClient('/rotate'),
  'POST /api/v2/admin/clients/:id/grants': onClient('/grants', { grants: ['raw_graph'] }),
  'PUT /api/v2/admin/quotas/:id': onQuota({ tasks_per_day: 10 }),
  'DELETE /api/v2/admin/quotas/:id': onQuota(),
  'POST /api/v2/admin/invitations': to('/api/v2/admin/invitations', { name: 'for Bob' }),
  'DELETE /api/v2/admin/invitations/:id': async ({ identity }, admin) => {
    const { row } = await identity.invitations.create(admin, { name: 'for Bob', lifetimeMs: null });
    return { path: `/api/v2/admin/invitations/${row.id}` };
  },
  'POST /api/v2/admin/join-tokens': to('/api/v2/admin/join-tokens', { name: 'farm' }),
  'DELETE /api/v2/admin/join-tokens/:id': async ({ identity }, admin) => {
    const { row } = await identity.joinTokens.create(admin, { name: 'farm', lifetimeMs: null });
    return { path: `/api/v2/admin/join-tokens/${row.id}` };
  },
  'POST /api/projects': to('/api/projects', { name: 'Film' }),
  'PATCH /api/projects/:id': onProject('', { name: 'Series' }),
  'DELETE /api/projects/:id': onProject(''),
  'PUT /api/projects/:id/members': async (server, admin) => {
    const { id: member } = await createUser(server);
    return onProject('/members', { member, role: 'editor' })(server, admin);
  },
  'DELETE /api/projects/:id/members/:member': async (server, admin) => {
    const { id: member } = await createUser(server);
    const { path } = await onProject(`/members/${member}`)(server, admin);
    await server.identity.projects.setMember(admin, path.split('/')[3] ?? '', { member, role: 'viewer' });
    return { path };
  },
  'POST /api/v2/tasks/reload': to('/api/v2/tasks/reload'),
  'POST /api/fleet/workers': to('/api/fleet/workers', { url: 'http://127.0.0.1:8188' }),
  'PATCH /api/fleet/workers/:id': onWorker('', { labels: ['fast'] }),
  'DELETE /api/fleet/workers/:id': onWorker(''),
  'POST /api/fleet/workers/:id/drain': onWorker('/drain', { on: true }),
  'POST /api/fleet/workers/:id/enabled': onWorker('/enabled', { on: true }),
  'POST /api/fleet/workers/:id/maintenance': onWorker('/maintenance', { on: true }),
  'POST /api/fleet/workers/:id/inventory': onWorker('/inventory'),
  'POST /api/fleet/workers/:id/check': onWorker('/check'),
  'POST /api/fleet/workers/:id/accept': onWorker('/accept'),
  'POST /api/fleet/workers/:id/reconnect': onWorker('/reconnect'),
  'PUT /api/v2/admin/settings/:key': to('/api/v2/admin/settings/limits.graph_nodes', { value: 7 }),
  'DELETE /api/v2/admin/settings/:key': to('/api/v2/admin/settings/limits.graph_nodes'),
  'PUT /api/fleet/balancing': to('/api/fleet/balancing', { strategy: 'random' }),
};
