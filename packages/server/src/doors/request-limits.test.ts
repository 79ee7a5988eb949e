import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openTestServer, type TestServer } from '../../test/kit/test-server.ts';

const LIMITS =
  'anonymous_per_minute: 6, registered_client_per_minute: 12, client_per_minute: 30, user_per_minute: null';
const CONFIG = `
server: { trusted_proxies: [127.0.0.9], allowed_origins: ['https://studio.example'] }
auth: { registration: open }
rate_limits: { ${LIMITS} }
`;
const ME = '/api/v2/auth/me';

let server: TestServer;
beforeEach(async () => {
  server = await openTestServer({ config: CONFIG, hasRateLimits: true });
});
afterEach(() => server.close());

type Headers = Record<string, string>;

interface Sent {
  headers?: Headers;
  url?: string;
  from?: string;
}

async function ask({ headers = {}, url = ME, from = '127.0.0.1' }: Sent = {}) {
  const {
    statusCode: status,
    headers: received,
    body,
  } = await server.app.inject({
    ...{ url, headers, remoteAddress: from },
  });
  return { status, headers: received, text: body };
}

/** Statuses of requests that are sent one after the other. */
async function askMany(count: number, sent: Sent = {}): Promise<number[]> {
  const statuses: number[] = [];
  for (let turn = 0; turn < count; turn += 1) statuses.push((await ask(sent)).status);
  return statuses;
}

/** A client that registers itself. */
async function signUp(name: string): Promise<Headers> {
  const made = await server.app.inject({
    ...{ method: 'POST', url: '/api/v2/auth/register', payload: { client_name: name } },
  });
  const { client_id, client_secret } = made.json();
  const signedIn = await server.app.inject({
    ...{ method: 'POST', url: '/api/v2/auth/token', payload: { client_id, client_secret } },
  });
  return { authorization: `Bearer ${signedIn.json().access_token}` };
}

describe('a limit', () => {
  test('AU11 is told by every answer under it, in the form of the draft', async () => {
    const headers = await signUp('teller');

    expect((await ask({ headers })).headers).toMatchObject({
      'ratelimit-policy': '"registered_client";q=12;w=60',
      ratelimit: '"registered_client";r=11;t=5',
    });
    server.clock.advance(5000);
    expect((await ask({ headers })).headers['ratelimit']).toBe('"registered_client";r=11;t=5');
    const unknown = await ask({ headers, url: '/api/v2/tasks/01900000-0000-7000-8000-0000000000ff' });
    expect([unknown.status, unknown.headers['ratelimit']]).toEqual([404, '"registered_client";r=10;t=10']);
  });

  test('AU11 refuses with the seconds after which the next request passes, and not one sooner', async () => {
    await askMany(6);
    const refused = await ask();

    expect(refused.status).toBe(429);
    expect(refused.headers).toMatchObject({
      ...{ 'retry-after': '10', 'ratelimit-policy': '"anonymous";q=6;w=60' },
      ratelimit: '"anonymous";r=0;t=60',
    });
    expect(JSON.parse(refused.text)).toMatchObject({
      error: { code: 'RATE_LIMITED', message: expect.any(String), details: { retry_after: 10 } },
      request_id: refused.headers['x-request-id'],
    });
    server.clock.advance(9000);
    expect((await ask()).status).toBe(429);
    server.clock.advance(1000);
    expect(await askMany(2)).toEqual([401, 429]);
  });

  test('AU11 of the Comfy API v2 is refused as its contract says, for every operation', async () => {
    const headers = await signUp('v2');
    await askMany(12, { headers });
    const jobs = await ask({ headers, url: '/api/v2/jobs/01900000-0000-7000-8000-0000000000ff' });
    const assets = await ask({ headers, url: '/api/v2/assets/01900000-0000-7000-8000-0000000000ff' });

    for (const { status, headers: received, text } of [jobs, assets]) {
      expect([status, received['retry-after']]).toEqual([429, '5']);
      expect(JSON.parse(text)).toEqual({
        error: { code: 'rate_limited', message: expect.any(String), details: null },
      });
    }
  });

  test('AU11 can be read by a page of another origin', async () => {
    const answer = await ask({ headers: { origin: 'https://studio.example' } });
    expect(answer.headers['access-control-expose-headers']).toMatch(
      /Retry-After,.*RateLimit,.*RateLimit-Policy/,
    );
  });
});

describe('who is counted', () => {
  test('AU11 anonymous requests by address; IPv6 by network; through a trusted proxy by the address that it names', async () => {
    const from = (address: string): Sent => ({ from: address });
    expect(await askMany(7, from('192.0.2.1'))).toEqual([401, 401, 401, 401, 401, 401, 429]);
    expect(await askMany(1, from('192.0.2.2'))).toEqual([401]);
    for (let host = 1; host <= 6; host += 1) await ask(from(`2001:db8:0:7::${host}`));
    expect(await askMany(1, from('2001:db8:0:7:ffff::1'))).toEqual([429]);
    expect(await askMany(1, from('2001:db8:0:8::1'))).toEqual([401]);

    const through = (proxy: string, address: string): Sent => ({
      ...{ from: proxy, headers: { 'x-forwarded-for': address } },
    });
    await askMany(6, through('127.0.0.9', '203.0.113.1'));
    expect(await askMany(1, through('127.0.0.9', '203.0.113.1'))).toEqual([429]);
    expect(await askMany(1, through('127.0.0.9', '203.0.113.2'))).toEqual([401]);
    for (let turn = 1; turn <= 6; turn += 1) await ask(through('198.51.100.1', `203.0.113.${100 + turn}`));
    expect(await askMany(1, through('198.51.100.1', '203.0.113.200'))).toEqual([429]);
  });

  test('AU11 wrong tokens count with the address, and keep nobody with a valid one out', async () => {
    const wrong = { authorization: `Bearer cft_${'x'.repeat(43)}` };
    expect(await askMany(7, { headers: wrong })).toEqual([401, 401, 401, 401, 401, 401, 429]);
    // Also where a request without a token is not counted.
    const register = await server.app.inject({
      ...{ method: 'POST', url: '/api/v2/auth/register', headers: wrong, payload: { client_name: 'x' } },
    });
    expect(register.statusCode).toBe(429);
    expect((await ask({ headers: server.owner.headers })).status).toBe(200);
    await expect(signUp('behind the same address')).resolves.toBeDefined();
  });

  test('AU11 clients that registered themselves each by themselves, with all their tokens, and users not by default', async () => {
    const [one, two] = [await signUp('one'), await signUp('two')];
    expect((await askMany(13, { headers: one })).slice(-2)).toEqual([200, 429]);
    expect((await ask({ headers: two, from: '192.0.2.9' })).status).toBe(200);
    expect((await ask({ headers: one, from: '192.0.2.9' })).status).toBe(429);

    await server.identity.users.add(server.local.principal, {
      ...{ name: 'mira', role: 'member', password: 'correct horse battery' },
    });
    const { issued } = await server.identity.users.signIn('mira', 'correct horse battery', {
      ...{ purpose: 'access', origin: { address: null, userAgent: null } },
    });
    const user = { authorization: `Bearer ${issued.token}` };
    const answer = await ask({ headers: user });
    expect([answer.status, answer.headers['ratelimit-policy']]).toEqual([200, undefined]);
  });

  test('AU11 health, pages, signing in and links are not counted; wrong links, the live socket and the document are', async () => {
    const uncounted = ['/healthz', '/readyz', '/api/health', '/api/v2/nothing-here'];
    for (const url of uncounted) expect((await ask({ url })).headers['ratelimit']).toBeUndefined();
    await signUp('signs in');
    const link = server.links.sign('/api/fleet/assets/01900000-0000-7000-8000-0000000000aa/content');
    expect((await ask({ url: link })).headers['ratelimit']).toBeUndefined();

    const left = [];
    const counted = [`${link}x`, link.split('?')[0] ?? '', '/openapi.json', '/api/v2/live', '/metrics'];
    for (const url of counted) left.push((await ask({ url })).headers['ratelimit']);
    expect(left).toEqual([5, 4, 3, 2, 1].map((r) => `"anonymous";r=${r};t=${(6 - r) * 10}`));
  });
});

test('AU11 a limit that is changed at run time counts from the next request', async () => {
  await askMany(6);
  const change = (value: number | null) =>
    server.app.inject({
      ...{ method: 'PUT', url: '/api/v2/admin/settings/rate_limits.anonymous_per_minute' },
      ...{ headers: server.local.headers, payload: { value } },
    });
  expect((await ask()).status).toBe(429);

  expect((await change(60)).json()).toMatchObject({ value: 60, source: 'run_time', needs_restart: false });
  server.clock.advance(1000);
  expect((await ask()).headers['ratelimit-policy']).toBe('"anonymous";q=60;w=60');
  expect((await ask()).headers['retry-after']).toBe('1');
  expect((await change(null)).statusCode).toBe(200);
  const lifted = await ask();
  expect([lifted.status, lifted.headers['ratelimit']]).toEqual([401, undefined]);
  expect((await change(0)).statusCode).toBe(422);
});

test('AU11 without authentication nobody is counted', async () => {
  const open = await openTestServer({ config: CONFIG, hasRateLimits: true, isOpenToAll: true });
  for (let turn = 0; turn < 40; turn += 1) {
    const answer = await open.app.inject({ url: ME });
    expect([answer.statusCode, answer.headers['ratelimit']]).toEqual([200, undefined]);
  }
  await open.close();
});
