import type { AuditEntry } from '@comfleet/contract';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ACTS, type Act, NOT_AUDITED } from '../../test/kit/audit/acts.ts';
import { openTestServer, type TestServer } from '../../test/kit/test-server.ts';
import { AUDITED_ROUTES } from './audited-routes.ts';

const PASSWORD = 'correct horse battery staple';
let server: TestServer;

beforeAll(async () => {
  server = await openTestServer({ config: 'auth: { registration: admin }' });
  await server.identity.users.create({ name: 'viewer', role: 'viewer', password: PASSWORD });
});
afterAll(() => server?.close());

const isChange = (method: string) => !['GET', 'HEAD', 'OPTIONS'].includes(method);

async function listEntries(): Promise<AuditEntry[]> {
  return (await server.audit.list({ limit: 500 })).entries;
}

/** Sends the request of a route and returns its status and the entries that it left. */
async function send(route: string, act: Act, headers: Record<string, string>) {
  const before = new Set((await listEntries()).map((entry) => entry.entry_id));
  const answer = await server.app.inject({
    method: (route.split(' ')[0] ?? '') as 'POST',
    url: act.path,
    headers: { 'user-agent': 'audit-test', ...headers },
    ...(act.body && { payload: act.body }),
  });
  const entries = (await listEntries()).filter((entry) => !before.has(entry.entry_id));
  return { status: answer.statusCode, entries };
}

test('AU13 every route that changes something has an act in the audit log, or says where it is recorded', () => {
  const routes = server.routes.map(({ method, url }) => `${method} ${url.replace(/\/$/, '')}`);
  const changes = new Set(routes.filter((route) => isChange(route.split(' ')[0] ?? '')));

  expect([...changes].sort()).toEqual([...Object.keys(ACTS), ...Object.keys(NOT_AUDITED)].sort());
  expect(Object.keys(AUDITED_ROUTES).filter((route) => !routes.includes(route))).toEqual([]);
  // A browser comes to it from the provider: oidc.test.ts has its act.
  expect(Object.keys(AUDITED_ROUTES).filter((route) => !(route in ACTS))).toEqual([
    'GET /api/v2/auth/oidc/callback',
  ]);
});

describe.each(Object.entries(ACTS))('%s', (route, prepare) => {
  test('AU13 leaves exactly one entry of who did what by which door and address', async () => {
    const { local } = server;
    const admin = await server.identity.sessions.authenticate(local.token);
    const act = await prepare(server, admin.principal);
    const { status, entries } = await send(route, act, act.headers ?? local.headers);
    const [action, kind] = AUDITED_ROUTES[route] ?? [];

    expect(status).toBeLessThan(400);
    expect(entries).toHaveLength(1);
    expect(entries[0]).toMatchObject({
      action,
      outcome: 'done',
      code: null,
      actor: { id: expect.any(String), name: expect.any(String) },
      object: kind === undefined ? null : { kind: expect.any(String), id: expect.any(String) },
      ...{ door: 'native', route, address: '127.0.0.1', user_agent: 'audit-test', left_out: 0 },
    });
  });

  test('AU13 leaves exactly one entry when it is refused to the caller', async () => {
    const admin = await server.identity.sessions.authenticate(server.local.token);
    const act = await prepare(server, admin.principal);
    const wrong = act.headers && !('authorization' in act.headers) ? spoil(act) : act;
    const { status, entries } = await send(route, wrong, {});

    expect([401, 403]).toContain(status);
    expect(entries).toHaveLength(1);
    expect(entries[0]).toMatchObject({ outcome: 'denied', actor: null, before: null, after: null });
  });
});

/** The same with wrong credentials in its body. */
function spoil({ path, body = {} }: Act): Act {
  const wrong = Object.entries(body).map(([name, value]) => [name, /name|id/.test(name) ? value : 'wrong']);
  return { path, body: Object.fromEntries(wrong) as object };
}

test('AU13 an entry has the fields that changed, before and after, and no secrets', async () => {
  const { identity, local } = server;
  const { user } = await identity.users.create({ name: 'ada', role: 'member', password: PASSWORD });
  const path = `/api/v2/admin/users/${user.id}`;
  const changed = await send(
    'PATCH /api/v2/admin/users/:id',
    { path, body: { role: 'operator' } },
    local.headers,
  );
  server.clock.advance(1);
  const reset = await send(
    'POST /reset',
    { path: `${path}/reset`, body: { password: 'a new long secret' } },
    local.headers,
  );

  expect(changed.entries).toMatchObject([
    {
      object: { kind: 'user', id: user.id, name: 'ada' },
      before: { role: 'member' },
      after: { role: 'operator' },
    },
  ]);
  expect(reset.entries).toMatchObject([{ action: 'user.password_reset' }]);
  expect(Object.keys(reset.entries[0]?.after ?? {})).toEqual(['password_set_at']);
  expect(JSON.stringify(await listEntries())).not.toContain('a new long secret');
});

test('AU13 what is deleted has its last state, and what is refused to a member names the member', async () => {
  const { identity, local, other } = server;
  const admin = await identity.sessions.authenticate(local.token);
  const { project_id: id } = await identity.projects.create(admin.principal, { name: 'Gone' });
  const path = `/api/projects/${id}`;
  await identity.projects.setMember(admin.principal, id, { member: other.principal.id, role: 'editor' });
  const refused = await send('DELETE /api/projects/:id', { path }, other.headers);
  const deleted = await send('DELETE /api/projects/:id', { path }, local.headers);

  expect(refused.entries).toMatchObject([
    {
      ...{ action: 'project.deleted', outcome: 'denied', code: 'NOT_PROJECT_OWNER' },
      ...{ actor: { name: 'other' }, object: { name: 'Gone' }, before: null, after: null },
    },
  ]);
  expect(deleted.entries).toMatchObject([
    { outcome: 'done', before: { name: 'Gone', members: { other: 'editor' } }, after: null },
  ]);
});

test('AU13 reading what one may not read has an entry; reading what one may, and wrong input, have none', async () => {
  const { local, other } = server;
  const forbidden = await send('GET x', { path: '/api/v2/admin/users' }, other.headers);
  const allowed = await send('GET x', { path: '/api/v2/admin/users' }, local.headers);
  const wrong = await send('POST x', { path: '/api/v2/admin/users', body: { role: 'king' } }, local.headers);

  expect(forbidden.entries).toMatchObject([
    {
      action: 'access.denied',
      route: 'GET /api/v2/admin/users',
      code: 'FORBIDDEN',
      actor: { name: 'other' },
    },
  ]);
  expect([allowed.entries, wrong.entries]).toEqual([[], []]);
});

test('AU13 SE1 a client can neither write into the log nor forge what an entry says', async () => {
  const { other, app } = server;
  const headers = {
    ...other.headers,
    'user-agent': 'x","outcome":"done","actor":{"name":"root"}',
    'x-forwarded-for': '8.8.8.8',
    'x-request-id': 'forged',
  };
  const { entries } = await send('GET x', { path: '/api/v2/admin/clients' }, headers);
  const written = await app.inject({ method: 'POST', url: '/api/v2/admin/audit', headers, payload: {} });

  expect(written.statusCode).toBe(405);
  expect(entries).toMatchObject([
    { outcome: 'denied', actor: { name: 'other' }, address: '127.0.0.1', user_agent: headers['user-agent'] },
  ]);
  expect(entries[0]?.request_id).not.toBe('forged');
});

test('AU13 an act that cannot be recorded is answered with an error', async () => {
  const { audit, local } = server;
  const record = audit.record.bind(audit);
  audit.record = () => Promise.reject(new Error('disk full'));
  const { status } = await send(
    'POST x',
    { path: '/api/v2/admin/invitations', body: { name: 'x' } },
    local.headers,
  );
  audit.record = record;

  expect(status).toBe(500);
});

describe('GET /api/v2/admin/audit', () => {
  const query = async (search: string) => {
    const answer = await server.app.inject({
      url: `/api/v2/admin/audit?${search}`,
      headers: server.local.headers,
    });
    return answer.json<{ entries: AuditEntry[]; next_cursor: string | null }>();
  };

  test('AU13 pages through everything, newest first', async () => {
    const all = (await query('limit=500')).entries.map((entry) => entry.entry_id);
    const paged: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page = await query(`limit=40${cursor === '' ? '' : `&cursor=${cursor}`}`);
      paged.push(...page.entries.map((entry) => entry.entry_id));
      cursor = page.next_cursor;
    }
    expect(paged).toEqual(all);
    expect(paged).toEqual([...paged].sort().reverse());
  });

  test.each([
    ['action=user', (entry: AuditEntry) => entry.action.startsWith('user.')],
    ['action=user.changed', (entry: AuditEntry) => entry.action === 'user.changed'],
    ['outcome=denied', (entry: AuditEntry) => entry.outcome === 'denied'],
    ['actor=other', (entry: AuditEntry) => entry.actor?.name === 'other'],
    ['object=ada', (entry: AuditEntry) => entry.object?.name === 'ada'],
    ['until=2000-01-01T00:00:00Z', () => false],
    ['since=2000-01-01T00:00:00Z', () => true],
  ])('AU13 %s selects', async (search, isSelected) => {
    const all = (await query('limit=500')).entries;
    const selected = await query(`limit=500&${search}`);
    expect(selected.entries).toEqual(all.filter(isSelected));
  });

  test('DB12 AU13 exports the same as CSV and as lines of JSON', async () => {
    const { app, local } = server;
    const url = '/api/v2/admin/audit/export?action=user';
    const csv = await app.inject({ url, headers: local.headers });
    const jsonl = await app.inject({ url: `${url}&format=jsonl`, headers: local.headers });
    const { entries } = await query('limit=500&action=user');

    expect(csv.headers).toMatchObject({ 'content-disposition': 'attachment; filename="audit.csv"' });
    expect(csv.body.split('\r\n')[0]).toMatch(/^\uFEFFtime,outcome,action/);
    expect(csv.body.trimEnd().split('\r\n')).toHaveLength(entries.length + 1);
    expect(
      jsonl.body
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual(entries);
  });

  test('AU13 entries older than the retention are removed, page by page', async () => {
    const { audit, clock } = server;
    clock.advance(86_400_000);
    await audit.recordOwn('config.reread', { kind: 'setting', id: 'config.yaml', name: null }, null);
    await audit.forget(3_600_000);

    expect((await listEntries()).map(({ action, door }) => [action, door])).toEqual([
      ['config.reread', 'system'],
    ]);
  });
});
