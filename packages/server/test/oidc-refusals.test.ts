import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Logger } from '../src/platform/logging/logger.ts';
import { type Forgery, openForgingProvider, sendJson } from './kit/oidc/forging-provider.ts';
import { begin, exchange, finish, REDIRECT_URI, START, whoIs } from './kit/oidc/oidc-visit.ts';
import { CLIENT } from './kit/oidc/open-oidc-provider.ts';
import { openTestServer, type TestServer } from './kit/test-server.ts';

const lines: string[] = [];
const keep = (event: string, fields?: object) => void lines.push(`${event} ${JSON.stringify(fields)}`);
const logger: Logger = { debug: keep, info: keep, warn: keep, error: keep, child: () => logger };

let provider: Awaited<ReturnType<typeof openForgingProvider>>;
let server: TestServer;
beforeAll(async () => {
  provider = await openForgingProvider();
});
beforeEach(async () => {
  server = await openTestServer({ config: configOf(provider.issuer), logger });
  provider.state.forgery = {};
  return () => server.close();
});
afterAll(() => provider.close());

function configOf(issuer: string): string {
  return `
auth:
  oidc:
    issuer: ${issuer}
    client_id: ${CLIENT.id}
    client_secret: ${CLIENT.secret}
    timeout_seconds: 0.3
    default_role: member
`;
}

/** Begins and finishes a sign-in; the provider's response has these parameters beside its usual ones. */
async function visit(forgery: Forgery = {}, parameters: Readonly<Record<string, string | null>> = {}) {
  const begun = await begin(server);
  Object.assign(provider.state, { forgery, nonce: begun.nonce });
  return finish(server, backTo(begun.state, parameters), begun.cookie);
}

function backTo(state: string, parameters: Readonly<Record<string, string | null>> = {}): string {
  const url = new URL(REDIRECT_URI);
  const all = { code: 'CANARY-code', state, iss: provider.issuer, ...parameters };
  for (const [name, value] of Object.entries(all)) if (value !== null) url.searchParams.set(name, value);
  return url.href;
}

const seconds = (from: number) => Math.floor(Date.now() / 1000) + from;

test('the provider of these tests lets in whom it does not lie about', async () => {
  const { code } = await visit();
  expect(await whoIs(server, await exchange(server, code ?? ''))).toEqual({
    name: 'mallory',
    role: 'member',
  });
});

describe('a response that is not valid signs nobody in', () => {
  test.each<[string, Forgery, string]>([
    ['another nonce', { claims: { nonce: 'of-another-sign-in' } }, 'OIDC_REFUSED'],
    ['no nonce', { claims: { nonce: undefined } }, 'OIDC_REFUSED'],
    ['another audience', { claims: { aud: 'another-client' } }, 'OIDC_REFUSED'],
    ['several audiences for another party', { claims: { aud: [CLIENT.id, 'x'], azp: 'x' } }, 'OIDC_REFUSED'],
    ['an expired ID token', { claims: { exp: seconds(-60) } }, 'OIDC_REFUSED'],
    ['an ID token without expiry', { claims: { exp: undefined } }, 'OIDC_REFUSED'],
    ['an ID token of the future', { claims: { nbf: seconds(3600) } }, 'OIDC_REFUSED'],
    ['the ID token of another issuer', { claims: { iss: 'https://other.example.com' } }, 'OIDC_REFUSED'],
    ['an ID token without subject', { claims: { sub: undefined } }, 'OIDC_REFUSED'],
    ['an ID token signed by another key', { signedBy: 'another key' }, 'OIDC_REFUSED'],
    ['an ID token that nobody signed', { signedBy: 'nobody' }, 'OIDC_REFUSED'],
    ['an ID token signed with the client secret', { signedBy: 'the client secret' }, 'OIDC_REFUSED'],
    ['the user info of another user', { userInfo: { sub: 'ada' } }, 'OIDC_REFUSED'],
    [
      'no ID token',
      { token: (response) => sendJson(response, { access_token: 'x', token_type: 'Bearer' }) },
      'OIDC_REFUSED',
    ],
    [
      'a code that the provider refuses',
      { token: (response) => sendJson(response, { error: 'invalid_grant' }, 400) },
      'OIDC_REFUSED',
    ],
    [
      'a token endpoint that redirects',
      { token: (response) => void response.writeHead(302, { location: 'http://127.0.0.1:9/' }).end() },
      'OIDC_UNAVAILABLE',
    ],
    [
      'a token endpoint that fails',
      { token: (response) => void response.writeHead(500).end('broken') },
      'OIDC_UNAVAILABLE',
    ],
    ['a token endpoint that never responds', { token: () => undefined }, 'OIDC_UNAVAILABLE'],
  ])('%s', async (_title, forgery, error) => {
    expect(await visit(forgery)).toMatchObject({ error, code: null });
  });

  test.each<[string, Record<string, string | null>, string]>([
    ['the response of another provider', { iss: 'https://other.example.com' }, 'OIDC_REFUSED'],
    ['a response without its issuer', { iss: null }, 'OIDC_REFUSED'],
    ['a response without a code', { code: null }, 'OIDC_REFUSED'],
    ['a user who declined', { code: null, error: 'access_denied' }, 'OIDC_DENIED'],
    ['an error of the provider', { code: null, error: 'server_error' }, 'OIDC_REFUSED'],
    ['an unknown state', { state: 'guessed' }, 'OIDC_STATE'],
    ['no state', { state: null }, 'OIDC_STATE'],
  ])('%s', async (_title, parameters, error) => {
    const asked = provider.state.requests.length;
    expect(await visit({}, parameters)).toMatchObject({ error, code: null });
    expect(provider.state.requests.slice(asked)).not.toContain('POST /token');
  });
});

describe('a response counts in the browser that began the sign-in, once', () => {
  test('not in another browser', async () => {
    const mine = await begin(server);
    const theirs = await begin(server);
    expect(await finish(server, backTo(mine.state), theirs.cookie)).toMatchObject({ error: 'OIDC_STATE' });
    expect(await finish(server, backTo(mine.state), '')).toMatchObject({ error: 'OIDC_STATE' });
    expect(await finish(server, backTo(mine.state), 'comfleet-oidc=AAAA')).toMatchObject({
      error: 'OIDC_STATE',
    });
  });

  test('not a second time, and the cookie is gone', async () => {
    const begun = await begin(server);
    Object.assign(provider.state, { nonce: begun.nonce });
    const first = await finish(server, backTo(begun.state), begun.cookie);
    expect(first.code).not.toBeNull();
    expect(first.setCookie).toContain('Max-Age=0');
    expect(await finish(server, backTo(begun.state), begun.cookie)).toMatchObject({ error: 'OIDC_STATE' });
  });

  test('not after ten minutes', async () => {
    const begun = await begin(server);
    server.clock.advance(600_001);
    expect(await finish(server, backTo(begun.state), begun.cookie)).toMatchObject({ error: 'OIDC_STATE' });
  });

  test('the code for the page works once, for a minute', async () => {
    const { code } = await visit();
    await exchange(server, code ?? '');
    expect(await exchange(server, code ?? '')).toBeUndefined();
    const late = await visit();
    server.clock.advance(60_001);
    expect(await exchange(server, late.code ?? '')).toBeUndefined();
  });

  test('the cookie is for the callback alone, out of reach of scripts and of other sites', async () => {
    const { headers } = await server.app.inject({ url: START });
    expect(String(headers['set-cookie']).replace(/=[\w-]+;/, '=…;')).toBe(
      'comfleet-oidc=…; Path=/api/v2/auth/oidc/callback; Max-Age=600; HttpOnly; SameSite=Lax',
    );
  });
});

test('with an https public_url the provider sends the browser there, and the cookie is bound to that host', async () => {
  const config = `server: { public_url: 'https://comfleet.example.com/' }${configOf(provider.issuer)}`;
  const behind = await openTestServer({ config });
  const start = await behind.app.inject({ url: START, headers: { host: 'comfleet.example.com' } });
  const sent = new URL(start.headers.location ?? '').searchParams;
  expect(sent.get('redirect_uri')).toBe('https://comfleet.example.com/api/v2/auth/oidc/callback');
  const cookie = String(start.headers['set-cookie']);
  expect(cookie.replace(/=[\w-]+;/, '=…;')).toBe(
    '__Host-comfleet-oidc=…; Path=/; Secure; Max-Age=600; HttpOnly; SameSite=Lax',
  );
  provider.state.nonce = sent.get('nonce') ?? '';
  const back = backTo(sent.get('state') ?? '');
  expect((await finish(behind, back, cookie.split(';')[0] ?? '')).code).not.toBeNull();
  await behind.close();
});

test.each([
  'https://evil.example.com',
  '//evil.example.com',
  '/\\evil.example.com',
  '/client\\..\\..\\\\evil.example.com',
  '/client.evil.example.com',
  '/client@evil.example.com',
  '/client/../admin',
  '/client/%2e%2e/api/v2/auth/me',
  '/client/#code=forged',
  '/client/\r\nset-cookie: a=b',
  '/admin',
  'javascript:alert(1)',
  `/client/${'x'.repeat(500)}`,
])('no way to return to %j', async (path) => {
  const answer = await server.app.inject({ url: `${START}?return_to=${encodeURIComponent(path)}` });
  expect([answer.statusCode, answer.json().error.code]).toEqual([400, 'INVALID_REQUEST']);
});

test('sixty sign-ins a minute may begin from one address', async () => {
  const locations = [];
  for (let at = 0; at < 61; at += 1)
    locations.push((await server.app.inject({ url: START })).headers.location);
  expect(locations.slice(0, 60).every((location) => location?.startsWith(provider.issuer))).toBe(true);
  expect(locations[60]).toBe('/client/#sign_in_error=RATE_LIMITED');
});

test('no code, token or secret of a sign-in is in the log', async () => {
  lines.length = 0;
  await visit();
  for (const forgery of [
    { claims: { nonce: 'x' } },
    { signedBy: 'nobody' },
    { token: (response) => sendJson(response, { error: 'CANARY-text', id_token: 'CANARY-id' }, 500) },
  ] satisfies Forgery[])
    await visit(forgery);
  await visit({}, { error: 'server_error', error_description: 'CANARY-description' });
  expect(lines.filter((line) => line.startsWith('oidc.'))).toHaveLength(5);
  expect(lines.join('\n')).not.toMatch(/CANARY|cfc_|eyJ/);
});

describe('a provider that does not work stops nobody else', () => {
  test.each([
    ['refuses connections', 'http://127.0.0.1:1'],
    ['is another one than it says', ''],
  ])('one that %s', async (_title, issuer) => {
    provider.state.forgery = { metadata: { issuer: 'https://other.example.com' } };
    const alone = await openTestServer({ config: configOf(issuer === '' ? provider.issuer : issuer) });
    const { headers } = await alone.app.inject({ url: START });
    expect(headers.location).toBe('/client/#sign_in_error=OIDC_UNAVAILABLE');
    const password = 'correct horse battery';
    await alone.identity.users.add(alone.local.principal, { name: 'ada', role: 'member', password });
    const payload = { username: 'ada', password };
    const login = await alone.app.inject({ method: 'POST', url: '/api/v2/auth/sign-in', payload });
    expect(login.statusCode).toBe(200);
    await alone.close();
  });

  test.each([['javascript:alert(1)'], ['ftp://127.0.0.1/'], ['not an address'], [undefined]])(
    'no browser is sent to %j',
    async (address) => {
      provider.state.forgery = {
        metadata: { authorization_endpoint: address, end_session_endpoint: address },
      };
      const { headers } = await server.app.inject({ url: START });
      expect(headers.location).toBe('/client/#sign_in_error=OIDC_UNAVAILABLE');
    },
  );

  test.each([['javascript:alert(1)'], [undefined]])(
    'signing out needs no address of the provider: %j',
    async (end_session_endpoint) => {
      provider.state.forgery = { metadata: { end_session_endpoint } };
      const { code } = await visit({ metadata: { end_session_endpoint } });
      const headers = { authorization: `Bearer ${await exchange(server, code ?? '')}` };
      const url = '/api/v2/auth/sign-out';
      const answer = await server.app.inject({ method: 'POST', url, headers, payload: {} });
      expect(answer.json()).toEqual({ end_session_url: null });
    },
  );

  test('it is asked again after a pause, not for every visitor', async () => {
    provider.state.forgery = { metadata: { issuer: 'https://other.example.com' } };
    const asked = () => provider.state.requests.filter((one) => one.includes('well-known')).length;
    const before = asked();
    for (let at = 0; at < 5; at += 1) await server.app.inject({ url: START });
    expect(asked() - before).toBe(1);
    provider.state.forgery = {};
    server.clock.advance(5_001);
    expect((await begin(server)).address).toContain(provider.issuer);
  });
});
