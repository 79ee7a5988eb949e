import { afterEach, describe, expect, test } from 'vitest';
import { silentLogger } from '../logging/logger.ts';
import { systemClock } from '../time/clock.ts';
import { isNetwork, isOrigin } from './check-addresses.ts';
import { createHttpServer, type HttpServer, type HttpServerOptions } from './http-server.ts';

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
  app.get('/seen', async ({ ip, protocol, host }) => ({ ip, protocol, host }));
  app.post('/change', async () => ({ done: true }));
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
      ip: '127.0.0.1',
      protocol: 'http',
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
      ip: '203.0.113.7',
      protocol: 'https',
      host: 'studio.example',
      hsts: 'max-age=31536000',
    });
  });

  test('SE8 is not believed of another address, which so cannot take the place of others', async () => {
    const app = createApp({ trustedProxies: ['10.0.0.0/8'] });
    expect(await see(app, '192.0.2.9')).toMatchObject({ ip: '192.0.2.9', protocol: 'http' });
  });

  test('the client is the last address that no trusted proxy has', async () => {
    const app = createApp({ trustedProxies: ['10.0.0.0/8'] });
    const forged = { 'x-forwarded-for': '198.51.100.1, 203.0.113.7, 10.0.0.2' };
    expect((await see(app, '10.0.0.1', forged)).ip).toBe('203.0.113.7');
  });

  test('SE8 a forwarded host that is not ours is refused, also by way of a trusted proxy', async () => {
    const app = createApp({ trustedProxies: ['10.0.0.0/8'] });
    const answer = await see(app, '10.0.0.1', { 'x-forwarded-host': 'evil.example' });
    expect([answer.status, answer.error?.details?.reason]).toEqual([400, 'unknown_host']);
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
