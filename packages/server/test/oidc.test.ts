import { afterEach, beforeEach, expect, test } from 'vitest';
import { begin, finish, REDIRECT_URI, signInBy, whoIs } from './kit/oidc/oidc-visit.ts';
import { CLIENT, openOidcProvider } from './kit/oidc/open-oidc-provider.ts';
import { ProviderVisitor } from './kit/oidc/provider-visitor.ts';
import { openTestServer, type TestServer } from './kit/test-server.ts';

const PASSWORD = 'correct horse battery';

let provider: Awaited<ReturnType<typeof openOidcProvider>>;
let server: TestServer;
beforeEach(async () => {
  provider = await openOidcProvider({ redirectUri: REDIRECT_URI });
  server = await openServer();
  return () => provider.close();
});
afterEach(() => server.close());

function openServer(more = ''): Promise<TestServer> {
  return openTestServer({
    config: `
auth:
  oidc:
    issuer: ${provider.issuer}
    client_id: ${CLIENT.id}
    client_secret: ${CLIENT.secret}
    name: Company account
    session_expire_minutes: 60
    roles:
      - { claim: groups, value: banned, role: refused }
      - { claim: groups, value: comfyui-admins, role: admin }
      - { claim: groups, value: artists, role: member }
${more}`,
  });
}

const addLocal = (name: string) =>
  server.identity.users.add(server.local.principal, { name, role: 'admin', password: PASSWORD });

const listUsers = async () =>
  (await server.app.inject({ url: '/api/v2/admin/users', headers: server.local.headers })).json().users;

async function changeUser(name: string, payload: object) {
  const url = `/api/v2/admin/users/${encodeURIComponent(name)}`;
  const { headers } = server.local;
  const answer = await server.app.inject({ method: 'PATCH', url, headers, payload });
  return answer.json().error?.code ?? answer.json();
}

async function post(url: string, payload: object, token: string | null = server.local.token) {
  const headers = { authorization: `Bearer ${token}` };
  const answer = await server.app.inject({ method: 'POST', url, headers, payload });
  return answer.json().error?.code ?? answer.json();
}

test('AU9 a user of the provider signs in, with the role of its claims, and returns to what was open', async () => {
  provider.accounts.set('ada', { groups: ['x', 'artists'] });
  const begun = await begin(server, '/client/?picture=1');
  const sent = new URL(begun.address).searchParams;
  expect([sent.get('code_challenge_method'), sent.get('scope')]).toEqual(['S256', 'openid profile email']);
  const back = await new ProviderVisitor().signIn(begun.address, 'ada');

  const end = await finish(server, back, begun.cookie);

  expect(end.location).toMatch(/^\/client\/\?picture=1#code=cfc_/);
  const { token } = await signInBy(server, 'ada');
  expect(await whoIs(server, token)).toEqual({ name: 'ada', role: 'member' });
  expect(await listUsers()).toMatchObject([
    { username: 'ada', password_set_at: null, oidc: { issuer: provider.issuer, subject: 'ada' } },
  ]);
  const { entries } = await server.audit.list({ action: 'session', limit: 10 });
  expect(entries.map(({ actor, route }) => [actor?.name, route])).toContainEqual([
    'ada',
    'GET /api/v2/auth/oidc/callback',
  ]);
});

test('the role is that of the last sign-in, in open sessions too', async () => {
  provider.accounts.set('ada', { groups: ['comfyui-admins'] });
  const { token } = await signInBy(server, 'ada');
  expect(await whoIs(server, token)).toMatchObject({ role: 'admin' });
  provider.accounts.set('ada', { groups: ['artists'] });
  await signInBy(server, 'ada');
  expect(await whoIs(server, token)).toMatchObject({ role: 'member' });
});

test('whoever has lost the claim is refused, and every session and key ends', async () => {
  provider.accounts.set('ada', { groups: ['artists'] });
  const { token } = await signInBy(server, 'ada');
  const { key } = await post('/api/v2/auth/keys', { name: 'nightly' }, token);
  expect(await whoIs(server, key)).toMatchObject({ role: 'member' });
  provider.accounts.set('ada', { groups: ['artists', 'banned'] });

  const { error } = await signInBy(server, 'ada');

  expect(error).toBe('OIDC_NO_ROLE');
  expect([await whoIs(server, token), await whoIs(server, key)]).toEqual(['UNAUTHORIZED', 'UNAUTHORIZED']);
  expect(await listUsers()).toMatchObject([{ username: 'ada', role: 'viewer' }]);
});

test('without a rule that matches nobody gets in, and no user is made', async () => {
  provider.accounts.set('ada', { groups: ['others'] });
  expect((await signInBy(server, 'ada')).error).toBe('OIDC_NO_ROLE');
  expect(await listUsers()).toEqual([]);
});

test('a user with a password is never taken over by its name or address', async () => {
  await addLocal('ada');
  await addLocal('ada@example.com');
  provider.accounts.set('ada', { groups: ['artists'], email: 'ada@example.com', email_verified: true });
  const { token } = await signInBy(server, 'ada');
  expect(await whoIs(server, token)).toEqual({ name: 'ada 2', role: 'member' });
  const linked = (await listUsers()).filter((user: { oidc: object | null }) => user.oidc !== null);
  expect(linked).toMatchObject([{ username: 'ada 2' }]);
});

test('two sign-ins of a new user at the same moment make one user', async () => {
  provider.accounts.set('ada', { groups: ['artists'] });
  const ends = await Promise.all([signInBy(server, 'ada'), signInBy(server, 'ada')]);
  expect(ends.map(({ error }) => error)).toEqual([null, null]);
  expect(await listUsers()).toHaveLength(1);
});

test('a disabled user stays out', async () => {
  provider.accounts.set('ada', { groups: ['artists'] });
  const { token } = await signInBy(server, 'ada');
  await changeUser('ada', { disabled: true });
  expect([await whoIs(server, token), (await signInBy(server, 'ada')).error]).toEqual([
    'UNAUTHORIZED',
    'OIDC_USER_DISABLED',
  ]);
});

test('with create_users: false an admin links a user, whose password then ends', async () => {
  await server.close();
  server = await openServer('    create_users: false');
  provider.accounts.set('4711', { groups: ['artists'] });
  await addLocal('ada');
  const { access_token: before } = await post('/admin/auth/login', { username: 'ada', password: PASSWORD });
  expect((await signInBy(server, '4711')).error).toBe('OIDC_USER_UNKNOWN');

  const oidc = { issuer: provider.issuer, subject: '4711' };
  expect(await changeUser('ada', { oidc })).toMatchObject({ username: 'ada', oidc });

  const { token } = await signInBy(server, '4711');
  expect(await whoIs(server, token)).toEqual({ name: 'ada', role: 'member' });
  expect(await whoIs(server, before)).toBe('UNAUTHORIZED');
  expect(await post('/admin/auth/login', { username: 'ada', password: PASSWORD })).toBe('UNAUTHORIZED');
  await addLocal('eve');
  expect(await changeUser('eve', { oidc })).toBe('SUBJECT_TAKEN');
  expect(await changeUser('ada', { oidc: null })).toMatchObject({ oidc: null });
  expect([await whoIs(server, token), (await signInBy(server, '4711')).error]).toEqual([
    'UNAUTHORIZED',
    'OIDC_USER_UNKNOWN',
  ]);
  expect(await post('/api/v2/admin/users/ada/reset', {})).toMatchObject({ username: 'ada' });
});

test('a user of the provider has no password here, and no role but that of the rules', async () => {
  provider.accounts.set('ada', { groups: ['artists'] });
  const { token } = await signInBy(server, 'ada');
  const change = { current_password: 'x', new_password: PASSWORD };
  expect([
    await post('/api/v2/admin/users/ada/reset', {}),
    await post('/api/v2/auth/password', change, token),
    await changeUser('ada', { role: 'admin' }),
    await post('/admin/auth/login', { username: 'ada', password: '' }),
    await post('/admin/auth/login', { username: 'ada', password: 'x' }),
  ]).toEqual(['USER_FROM_OIDC', 'USER_FROM_OIDC', 'USER_FROM_OIDC', 'INVALID_REQUEST', 'UNAUTHORIZED']);
});

test('visits do not extend a session: the user comes back through the provider', async () => {
  provider.accounts.set('ada', { groups: ['artists'] });
  const { token } = await signInBy(server, 'ada');
  server.clock.advance(59 * 60_000);
  await post('/api/v2/auth/renew', {}, token);
  expect(await whoIs(server, token)).toMatchObject({ name: 'ada' });
  server.clock.advance(60_001);
  expect(await whoIs(server, token)).toBe('UNAUTHORIZED');
});

test('signing out leads to the provider; for everyone else, and without one that answers, it does not', async () => {
  provider.accounts.set('ada', { groups: ['artists'] });
  const { token } = await signInBy(server, 'ada');
  const { end_session_url: url } = await post('/api/v2/auth/sign-out', {}, token);
  expect(url).toBe(
    `${provider.issuer}/session/end?post_logout_redirect_uri=http%3A%2F%2Flocalhost%2Fclient%2F&client_id=comfleet`,
  );
  expect(await whoIs(server, token)).toBe('UNAUTHORIZED');
  await addLocal('eve');
  const { access_token: local } = await post('/api/v2/auth/sign-in', { username: 'eve', password: PASSWORD });
  expect(await post('/api/v2/auth/sign-out', {}, local)).toEqual({ end_session_url: null });
});

test('whoever declines at the provider is told so', async () => {
  const begun = await begin(server);
  const back = await new ProviderVisitor().cancel(begun.address);
  expect((await finish(server, back, begun.cookie)).error).toBe('OIDC_DENIED');
});

test("a code of another's sign-in is refused by the provider: it belongs to their verifier", async () => {
  provider.accounts.set('ada', { groups: ['artists'] });
  const theirs = await begin(server);
  const back = new URL(await new ProviderVisitor().signIn(theirs.address, 'ada'));
  const mine = await begin(server);
  back.searchParams.set('state', mine.state);
  expect((await finish(server, back.href, mine.cookie)).error).toBe('OIDC_REFUSED');
});

test('a provider that stops working keeps nobody signed in from going on', async () => {
  provider.accounts.set('ada', { groups: ['artists'] });
  const { token } = await signInBy(server, 'ada');
  const begun = await begin(server);
  await provider.close();
  expect(await whoIs(server, token)).toMatchObject({ name: 'ada' });
  const back = `${REDIRECT_URI}?code=x&iss=${encodeURIComponent(provider.issuer)}&state=${begun.state}`;
  expect((await finish(server, back, begun.cookie)).error).toBe('OIDC_UNAVAILABLE');
});
