import { connect } from 'node:net';
import { startTimeSlice } from '@comfleet/comfyui';
import { afterEach, expect, test } from 'vitest';
import { z } from 'zod';
import { AppError } from '../errors/app-error.ts';
import { silentLogger } from '../logging/logger.ts';
import { systemClock } from '../time/clock.ts';
import { hashBody } from './hash-body.ts';
import { createHostGuard } from './host-guard.ts';
import { createHttpServer, type HttpServer, type HttpServerOptions } from './http-server.ts';
import { readLosslessBody } from './json-body.ts';

const open: HttpServer[] = [];
afterEach(async () => {
  for (const app of open.splice(0)) await app.close();
});

function createApp(more: Partial<HttpServerOptions> = {}): HttpServer {
  const app = createHttpServer({
    listenHost: '127.0.0.1',
    publicUrl: null,
    allowedHosts: [],
    jsonBodyBytes: 2000,
    body: { openBytes: 3000, values: 1000, members: 500, depth: 32, text: 1500 },
    logger: silentLogger,
    clock: systemClock,
    ...more,
  });
  open.push(app);
  app.post('/echo', {
    schema: { body: z.object({ size: z.int() }) },
    handler: async (request) => request.body,
  });
  app.post('/exact', async (request) => {
    const tree = readLosslessBody(request);
    return { hash: await hashBody(tree, startTimeSlice(systemClock)), seed: String(tree.seed) };
  });
  app.get('/things/:id', async (request) => request.params);
  app.get('/broken', async () => {
    throw new Error('password=hunter2 at /srv/secret');
  });
  app.get('/busy', async () => {
    throw new AppError('UNAVAILABLE');
  });
  return app;
}

test('API15 a body that does not fit names each field in the one envelope', async () => {
  const answer = await createApp().inject({ method: 'POST', url: '/echo', payload: { size: 'big' } });
  expect(answer.statusCode).toBe(400);
  expect(answer.json()).toEqual({
    error: {
      code: 'INVALID_REQUEST',
      message: 'The request does not fit the schema; each field that is wrong is named.',
      details: {
        in: 'body',
        problems: [
          {
            path: 'size',
            message: 'expected a number',
            text: { code: 'value.kind', params: { kind: { code: 'kind.number', params: {} } } },
          },
        ],
      },
    },
    request_id: answer.headers['x-request-id'],
  });
});

test('API15 the unknown is INTERNAL with an id and says nothing of itself', async () => {
  const answer = await createApp().inject('/broken');
  expect(answer.statusCode).toBe(500);
  expect(answer.body).not.toMatch(/hunter2|srv|stack/);
  expect(answer.json().error.code).toBe('INTERNAL');
});

test('a temporary error says when to try again', async () => {
  const answer = await createApp().inject('/busy');
  expect([answer.statusCode, answer.headers['retry-after']]).toEqual([503, '2']);
});

test.each([
  ['GET', '/nothing', 404, 'NOT_FOUND', undefined],
  ['PUT', '/things/1', 405, 'METHOD_NOT_ALLOWED', 'GET, HEAD'],
  ['DELETE', '/echo', 405, 'METHOD_NOT_ALLOWED', 'POST'],
  ['TRACE', '/echo', 405, 'METHOD_NOT_ALLOWED', 'POST'],
] as const)('%s %s answers %i', async (method, url, status, code, allow) => {
  const answer = await createApp().inject({ method: method as 'GET', url });
  expect([answer.statusCode, answer.json().error.code, answer.headers.allow]).toEqual([status, code, allow]);
});

test.each([
  ['a body above the limit', { payload: { x: 'y'.repeat(3000) } }, 413, 'BODY_TOO_LARGE'],
  [
    'broken JSON',
    { payload: '{"size":', headers: { 'content-type': 'application/json' } },
    400,
    'INVALID_REQUEST',
  ],
  [
    'a form',
    { payload: 'size=1', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
    415,
    'UNSUPPORTED_MEDIA',
  ],
  [
    'plain text',
    { payload: '{"size":1}', headers: { 'content-type': 'text/plain' } },
    415,
    'UNSUPPORTED_MEDIA',
  ],
  [
    'deep nesting',
    { payload: `${'['.repeat(33)}${']'.repeat(33)}`, headers: { 'content-type': 'application/json' } },
    413,
    'BODY_TOO_LARGE',
  ],
  [
    'more values than anyone needs',
    { payload: `[${'0,'.repeat(999)}0]`, headers: { 'content-type': 'application/json' } },
    413,
    'BODY_TOO_LARGE',
  ],
  [
    'a prototype key',
    { payload: '{"__proto__":{"a":1},"size":1}', headers: { 'content-type': 'application/json' } },
    400,
    'INVALID_REQUEST',
  ],
  [
    'an escaped prototype key',
    { payload: '{"\\u005f_proto__":{"a":1},"size":1}', headers: { 'content-type': 'application/json' } },
    400,
    'INVALID_REQUEST',
  ],
])('refuses %s', async (_what, request, status, code) => {
  const answer = await createApp().inject({ method: 'POST', url: '/echo', ...request });
  expect([answer.statusCode, answer.json().error.code]).toEqual([status, code]);
});

test('WF23 numbers of a body are read as written, and equal bodies have equal hashes', async () => {
  const app = createApp();
  const headers = { 'content-type': 'application/json' };
  const send = (payload: string) => app.inject({ method: 'POST', url: '/exact', headers, payload });
  const first = (await send('{"seed":18446744073709551615,"b":{"x":1,"y":1.0}}')).json();
  const second = (await send('{ "b": {"y":1.0,"x":1}, "seed": 18446744073709551615 }')).json();
  const other = (await send('{"seed":18446744073709551614,"b":{"x":1,"y":1.0}}')).json();
  expect(first.seed).toBe('18446744073709551615');
  expect(second.hash).toBe(first.hash);
  expect(other.hash).not.toBe(first.hash);
});

test('SE19 every answer has the security headers, errors too', async () => {
  const app = createApp();
  for (const url of ['/things/1', '/nothing', '/broken']) {
    expect((await app.inject(url)).headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'x-frame-options': 'DENY',
      'content-security-policy': expect.stringContaining("default-src 'none'"),
      'cache-control': expect.any(String),
    });
  }
});

test.each([
  ['localhost:8000', 200],
  ['127.0.0.1', 200],
  ['[::1]:8000', 200],
  ['studio.example:443', 200],
  ['render.lan', 200],
  ['evil.example', 400],
  ['127.0.0.1.evil.example', 400],
  ['127.999.1.1', 400],
  ['localhost:99999', 400],
  ['localhost:8000/evil', 400],
  ['evil@localhost', 400],
])('SE20 Host %j answers %i', async (host, status) => {
  const app = createApp({ publicUrl: 'https://studio.example', allowedHosts: ['render.lan'] });
  const answer = await app.inject({ url: '/things/1', headers: { host } });
  expect(answer.statusCode).toBe(status);
});

test('a request without a Host header is not ours', () => {
  const isOurs = createHostGuard({ listenHost: '0.0.0.0', publicUrl: null, allowedHosts: [] });
  expect(isOurs(undefined, '10.0.0.5')).toBe(false);
  expect(isOurs('10.0.0.5:8000', '::ffff:10.0.0.5')).toBe(true);
  expect(isOurs('10.0.0.6:8000', '::ffff:10.0.0.5')).toBe(false);
});

test.each(['BREW', 'get', 'FOO-BAR'])('SE18 the unknown method %s answers 405', async (method) => {
  const text = await talk(createApp(), `${method} /things/1 HTTP/1.1\r\nhost: localhost\r\n\r\n`);
  const [head = '', body = ''] = text.split('\r\n\r\n');
  expect(head).toMatch(/^HTTP\/1\.1 405 Method Not Allowed\r\n/);
  expect(head).toContain('\r\nallow: GET, HEAD, POST, PUT, PATCH, DELETE\r\n');
  expect(head).toContain('\r\nx-content-type-options: nosniff\r\n');
  expect(JSON.parse(body).error.code).toBe('METHOD_NOT_ALLOWED');
});

test('SE18 TRACE repeats nothing of a request', async () => {
  const lines = ['TRACE /things/1 HTTP/1.1', 'host: localhost', 'cookie: secret=1', 'connection: close'];
  const text = await talk(createApp(), `${lines.join('\r\n')}\r\n\r\n`);
  expect(text).toMatch(/^HTTP\/1\.1 405 /);
  expect(text).not.toContain('secret=1');
});

test.each([
  ['headers', 60_000, 'GET /things/1 HTTP/1.1\r\nhost: localhost\r\nx-slow: 1\r\n'],
  [
    'a body',
    50,
    'POST /echo HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 10\r\n\r\n{',
  ],
])('SE18 %s that never end are given up', async (_what, requestMs, text) => {
  const timeLimits = { headersMs: 50, requestMs, checkMs: 10 };
  const received = await talk(createApp({ timeLimits }), text);
  expect(received).toMatch(/^HTTP\/1\.1 408 /);
  expect(received).toContain('the request came too slowly');
});

test('headers beyond 16 kB end the request', async () => {
  const text = await talk(
    createApp(),
    `GET /things/1 HTTP/1.1\r\nhost: localhost\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`,
  );
  expect(text).toMatch(/^HTTP\/1\.1 431 /);
});

test('requests that a connection sends without waiting for answers are served while they are few', async () => {
  const app = createApp();
  let served = 0;
  app.get('/count', async () => {
    served += 1;
    return {};
  });
  const request = 'GET /count HTTP/1.1\r\nhost: localhost\r\n\r\n';
  const last = 'GET /count HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n';

  const few = await talk(app, request.repeat(9) + last);
  expect(few.match(/HTTP\/1\.1 200 /g)).toHaveLength(10);
  await talk(app, request.repeat(1000));
  expect(served).toBeLessThanOrEqual(10 + 16);
});

/** Sends text to a listening server, and returns everything it sends until the connection closes. */
async function talk(app: HttpServer, text: string): Promise<string> {
  if (!app.server.listening) await app.listen({ host: '127.0.0.1', port: 0 });
  const address = app.server.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let received = '';
    socket.on('data', (chunk) => {
      received += chunk.toString();
    });
    // Reset by a server that closed with unread bytes: the connection closes all the same.
    socket.on('error', () => {});
    socket.on('close', () => resolve(received));
    socket.write(text);
  });
}
