import { text as readText } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTestServer, type TestServer } from '../../test/kit/test-server.ts';

const PROXY = '127.0.0.9';
const STUDIO = 'https://studio.example';
const CONFIG = `server: { allowed_origins: ['${STUDIO}'], trusted_proxies: [${PROXY}] }`;
/** A policy of what a page may load, that begins with nothing or our own and never lets another page frame it. */
const STRICT_CSP = /^default-src '(none|self)';(?!.*script-src[^;]*'unsafe)(.*;)? ?frame-ancestors 'none'/;
const STACK = /\\n +at |node_modules|\.[jt]s:\d/;

let server: TestServer;
beforeAll(async () => {
  server = await openTestServer({ config: CONFIG });
});
afterAll(() => server?.close());

interface Sent {
  headers?: Record<string, string>;
  remoteAddress?: string;
  payload?: string;
}

/** The responses of all routes to the same request, with the text of errors. */
async function askAll(sent: Sent = {}) {
  const answers = [];
  const routes = server.routes.filter(({ method }) => method !== 'OPTIONS');
  for (const { method, url } of routes) {
    const path = url.replace(/:\w+/g, '01900000-0000-7000-8000-0000000000ff').replace('*', 'none');
    const payload = method === 'GET' || method === 'HEAD' ? undefined : sent.payload;
    const request = { method: method as 'GET', url: path, remoteAddress: '127.0.0.1', ...sent, payload };
    const answer = await server.app.inject({ ...request, payloadAsStream: true });
    const text = answer.statusCode < 400 ? '' : await readText(answer.stream());
    answer.stream().destroy();
    answers.push({ route: `${method} ${url}`, headers: answer.headers, text });
  }
  expect(answers.length).toBeGreaterThan(100);
  return answers;
}

const JSON_TYPE = { 'content-type': 'application/json' };

test.each<[string, Sent]>([
  ['with a body that is cut short', { headers: JSON_TYPE, payload: '{"name":' }],
  ['with a body of an unknown type', { headers: { 'content-type': 'text/x' }, payload: 'x' }],
  ['for a foreign host', { headers: { host: 'evil.example' } }],
])('SE19 every route has the security headers and no error shows a stack: requests %s', async (_of, sent) => {
  for (const { route, headers, text } of await askAll(sent)) {
    expect({ route, ...headers }).toMatchObject({
      route,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'x-frame-options': 'DENY',
      'content-security-policy': expect.stringMatching(STRICT_CSP),
      'cache-control': expect.any(String),
    });
    expect([route, headers.server, headers['x-powered-by']]).toEqual([route, undefined, undefined]);
    expect([route, text]).toEqual([route, expect.not.stringMatching(STACK)]);
  }
});

test('SE19 every route asks for TLS from now on where a trusted proxy had it, and nowhere else', async () => {
  const headers = { 'x-forwarded-proto': 'https', 'x-forwarded-for': '203.0.113.7' };
  const listStrict = async (remoteAddress: string) =>
    (await askAll({ headers, remoteAddress })).filter(
      (answer) => answer.headers['strict-transport-security'],
    );
  expect((await listStrict(PROXY)).length).toBeGreaterThan(100);
  expect(await listStrict('127.0.0.8')).toEqual([]);
});

test('AU12 every route lets a page of the named origin read what it says, without credentials', async () => {
  for (const { route, headers } of await askAll({ headers: { origin: STUDIO } })) {
    expect([route, headers['access-control-allow-origin'], headers.vary]).toEqual([route, STUDIO, 'Origin']);
    expect([route, headers['access-control-allow-credentials']]).toEqual([route, undefined]);
  }
});

test.each(['https://evil.example', 'null', 'http://studio.example'])(
  'AU12 no route lets a page of %s read anything, and caches know that it depends',
  async (origin) => {
    for (const { route, headers } of await askAll({ headers: { origin } })) {
      const { 'access-control-allow-origin': allowed = 'none', vary } = headers;
      expect([route, allowed, vary]).toEqual([route, 'none', 'Origin']);
    }
  },
);
