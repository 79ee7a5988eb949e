import { afterEach, describe, expect, test } from 'vitest';
import { silentLogger } from '../logging/logger.ts';
import { systemClock } from '../time/clock.ts';
import { isNetwork, isOrigin } from './check-addresses.ts';
import { createHttpServer, type HttpServer, type HttpServerOptions } from './http-server.ts';
import { clientAddressOf, isOwnOrigin, serverAddressOf } from './request-origin.ts';

const open: HttpServer[] = [];
afterEach(async () => {
  for (const app of open.splice(0)) await app.close();
});

function createApp(more: Partial<HttpServerOptions> = {}): HttpServer {
  const app = createHttpServer({
    listenHost: '127.0.0.1',
    publicUrl: 'https://studio.example',
    allowedHosts: [],
    jsonBodyBytes: 2000,
    body: { openBytes: 3000, values: 1000, members: 500, depth: 32, text: 1500 },
    logger: silentLogger,
    clock: systemClock,
    ...more,
  });
  open.push(app);
  app.get('/seen', async (request) => ({
    client: clientAddressOf(request),
    server: serverAddressOf(request),
  }));
  app.post('/change', async (request) => ({ isOwn: isOwnOrigin(request) }));
  return app;
}

const FORWARDED = {
  'x-forwarded-for': '203.0.113.7',
  'x-forwarded-proto': 'https',
  'x-forwarded-host': 'studio.example',
};
const see = async (app: HttpServer, remoteAddress: string, headers: Record<string, string> = FORWARDED) => {
  const answer = await app.inject({ url: '/seen', remoteAddress, headers });
  return { status: answer.statusCode, ...answer.json(), hsts: answer.headers['strict-transport-security'] };
};

describe('what a proxy forwards', () => {
  test('SE8 is believed of no one by default', async () => {
    expect(await see(createApp(), '127.0.0.1')).toMatchObject({
      client: '127.0.0.1',
      server: 'http://localhost:80',
      hsts: undefined,
    });
  });

  test.each([
    ['10.1.2.3', ['10.0.0.0/8']],
    ['127.0.0.1', ['127.0.0.1']],
    ['::ffff:10.1.2.3', ['10.0.0.0/8']],
    ['fd00::7', ['fd00::/8']],
  ])('is believed of %s within %s', async (address, trustedProxies) => {
    expect(await see(createApp({ trustedProxies }), address)).toMatchObject({
      client: '203.0.113.7',
      server: 'https://studio.example',
      hsts: 'max-age=31536000',
    });
  });

  test('SE8 is not believed of another address, which so cannot take the place of others', async () => {
    const app = createApp({ trustedProxies: ['10.0.0.0/8'] });
    expect(await see(app, '192.0.2.9')).toMatchObject({ client: '192.0.2.9', hsts: undefined });
  });

  test('the client is the last address that no trusted proxy has', async () => {
    const app = createApp({ trustedProxies: ['10.0.0.0/8'] });
    const forged = { 'x-forwarded-for': '198.51.100.1, 203.0.113.7, 10.0.0.2' };
    expect((await see(app, '10.0.0.1', forged)).client).toBe('203.0.113.7');
  });

  test.each([
    ['203.0.113.7:51234', '203.0.113.7'],
    ['[2001:DB8::7]:51234', '2001:db8::7'],
    ['2001:db8::7', '2001:db8::7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['fe80::7%eth0', 'fe80::7'],
    ['unknown', '10.0.0.1'],
    ['_hidden', '10.0.0.1'],
    ['203.0.113.7.evil', '10.0.0.1'],
    ['<script>', '10.0.0.1'],
    ['', '10.0.0.1'],
  ])('SE8 of X-Forwarded-For: %s an address is kept, or that of the proxy', async (forwarded, client) => {
    const app = createApp({ trustedProxies: ['10.0.0.0/8'] });
    expect((await see(app, '10.0.0.1', { 'x-forwarded-for': forwarded })).client).toBe(client);
  });

  test.each([
    ['https', 'https'],
    ['HTTPS', 'https'],
    ['wss', 'https'],
    ['http, https', 'https'],
    ['https, http', 'http'],
    ['javascript', 'http'],
    ['ftp', 'http'],
  ])('X-Forwarded-Proto: %s is %s', async (forwarded, scheme) => {
    const app = createApp({ trustedProxies: ['10.0.0.0/8'] });
    const headers = { host: 'studio.example', 'x-forwarded-proto': forwarded };
    const seen = await see(app, '10.0.0.1', headers);
    expect(seen.server).toBe(`${scheme}://studio.example`);
    expect(seen.hsts).toBe(scheme === 'https' ? 'max-age=31536000' : undefined);
  });

  test('SE8 other forwarding headers are read of nobody', async () => {
    const app = createApp({ trustedProxies: ['10.0.0.0/8'] });
    const headers = { forwarded: 'for=203.0.113.7;proto=https', 'x-real-ip': '203.0.113.7' };
    expect(await see(app, '10.0.0.1', headers)).toMatchObject({ client: '10.0.0.1', hsts: undefined });
  });

  test('SE8 a forwarded host that is not ours is refused, also by way of a trusted proxy', async () => {
    const app = createApp({ trustedProxies: ['10.0.0.0/8'] });
    const answer = await see(app, '10.0.0.1', { 'x-forwarded-host': 'evil.example' });
    expect([answer.status, answer.error?.details?.reason]).toEqual([400, 'unknown_host']);
  });
});

describe('a change without a token', () => {
  const change = async (headers: Record<string, string>, trustedProxies: string[] = []) => {
    const request = {
      method: 'POST',
      url: '/change',
      headers: { host: 'localhost:8000', ...headers },
    } as const;
    const answer = await createApp({ trustedProxies }).inject({ remoteAddress: '10.0.0.1', ...request });
    return answer.json().isOwn;
  };

  test.each<[Record<string, string>, boolean]>([
    [{}, true],
    [{ origin: 'http://localhost:8000', 'sec-fetch-site': 'same-origin' }, true],
    [{ origin: 'http://localhost:3000', 'sec-fetch-site': 'same-site' }, false],
    [{ origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }, false],
    [{ origin: 'null' }, false],
    [{ origin: '' }, false],
    [{ 'sec-fetch-site': 'none' }, true],
    [{ 'sec-fetch-site': 'same-site' }, false],
    [{ 'sec-fetch-site': 'cross-site' }, false],
  ])('SE8 with %j is of our own page: %s', async (headers, isOwn) => {
    expect(await change(headers)).toBe(isOwn);
  });

  test('SE8 a page without TLS is not the one with it', async () => {
    const headers = { host: 'studio.example', 'x-forwarded-proto': 'https' };
    const origins = ['https://studio.example', 'http://studio.example'];
    const answers = origins.map((origin) => change({ ...headers, origin }, ['10.0.0.1']));
    expect(await Promise.all(answers)).toEqual([true, false]);
  });
});

describe('pages of other origins', () => {
  const ORIGIN = 'https://studio.example:8443';
  const preflight = (app: HttpServer, origin: string) =>
    app.inject({
      method: 'OPTIONS',
      url: '/change',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization',
      },
    });

  test('AU12 none may use the API unless the configuration names it', async () => {
    const app = createApp();
    const answer = await app.inject({ url: '/seen', headers: { origin: ORIGIN } });
    expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
    expect((await preflight(app, ORIGIN)).statusCode).toBe(405);
  });

  test('AU12 a named one may, with a token but without cookies', async () => {
    const app = createApp({ allowedOrigins: [ORIGIN] });
    const answer = await app.inject({ url: '/seen', headers: { origin: ORIGIN } });
    expect(answer.headers).toMatchObject({ 'access-control-allow-origin': ORIGIN, vary: 'Origin' });
    expect(answer.headers).not.toHaveProperty('access-control-allow-credentials');
    const asked = await preflight(app, ORIGIN);
    expect(asked.statusCode).toBe(204);
    expect(asked.headers).toMatchObject({
      'access-control-allow-origin': ORIGIN,
      'access-control-allow-headers': 'authorization',
      'access-control-allow-methods': expect.stringContaining('POST'),
    });
  });

  test.each(['https://other.example', 'https://studio.example', 'http://studio.example:8443', 'null'])(
    'AU12 %s is not the one that is named',
    async (origin) => {
      const app = createApp({ allowedOrigins: [ORIGIN] });
      const answers = [await app.inject({ url: '/seen', headers: { origin } }), await preflight(app, origin)];
      for (const { headers } of answers)
        expect(headers['access-control-allow-origin'] ?? 'none').toBe('none');
    },
  );

  test('a refusal can be read by a named one too', async () => {
    const app = createApp({ allowedOrigins: [ORIGIN] });
    const answer = await app.inject({ url: '/nowhere', headers: { origin: ORIGIN } });
    expect([answer.statusCode, answer.headers['access-control-allow-origin']]).toEqual([404, ORIGIN]);
  });
});

test.each([
  ['10.0.0.0/8', true],
  ['10.0.0.1', true],
  ['::1', true],
  ['fd00::/8', true],
  ['10.0.0.0/33', false],
  ['::/129', false],
  ['10.0.0.0/8/8', false],
  ['10.0.0.0/', false],
  ['loopback', false],
  ['proxy.example', false],
  ['', false],
])('a network: %j %s', (text, expected) => {
  expect(isNetwork(text)).toBe(expected);
});

test.each([
  ['https://studio.example', true],
  ['http://127.0.0.1:3000', true],
  ['https://studio.example/', false],
  ['https://studio.example/page', false],
  ['https://studio.example:443', false],
  ['HTTPS://studio.example', false],
  ['ftp://studio.example', false],
  ['studio.example', false],
  ['*', false],
  ['null', false],
])('an origin: %j %s', (text, expected) => {
  expect(isOrigin(text)).toBe(expected);
});
