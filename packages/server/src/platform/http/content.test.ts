import { afterEach, expect, test } from 'vitest';
import { silentLogger } from '../logging/logger.ts';
import { systemClock } from '../time/clock.ts';
import { parseByteRange } from './byte-range.ts';
import { formatDisposition, toFileName } from './content-disposition.ts';
import { createHttpServer, type HttpServer } from './http-server.ts';
import { type Content, sendContent } from './send-content.ts';
import { SignedLinks } from './signed-links.ts';

const BYTES = Buffer.from('0123456789');
const open: HttpServer[] = [];
afterEach(async () => {
  for (const app of open.splice(0)) await app.close();
});

function serve(more: Partial<Content> = {}): HttpServer {
  const app = createHttpServer({
    listenHost: '127.0.0.1',
    publicUrl: null,
    allowedHosts: [],
    jsonBodyBytes: 2000,
    body: { openBytes: 3000, values: 1000, members: 1000, depth: 32, text: 2000 },
    logger: silentLogger,
    clock: systemClock,
  });
  open.push(app);
  const content: Content = {
    name: 'cat.png',
    contentType: 'image/png',
    sizeBytes: 10,
    hash: 'abc',
    createdAtMs: Date.UTC(2026, 0, 1),
    open: async function* (range) {
      yield BYTES.subarray(range?.start ?? 0, (range?.end ?? 9) + 1);
    },
    ...more,
  };
  app.get('/file', (request, reply) => sendContent(request, reply, content));
  return app;
}

test('RS13 a media file is sent whole with type, length, name, ETag and an hour of cache', async () => {
  const answer = await serve().inject('/file');
  expect(answer.statusCode).toBe(200);
  expect(answer.body).toBe('0123456789');
  expect(answer.headers).toMatchObject({
    'content-type': 'image/png',
    'content-length': '10',
    'accept-ranges': 'bytes',
    etag: '"abc"',
    'cache-control': 'private, max-age=3600',
    'content-disposition': 'inline; filename="cat.png"',
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; sandbox; frame-ancestors 'none'",
  });
});

test('RS13 other files are kept ten minutes', async () => {
  const answer = await serve({ contentType: 'application/octet-stream' }).inject('/file');
  expect(answer.headers['cache-control']).toBe('private, max-age=600');
});

test.each([
  ['bytes=2-4', 206, '234', 'bytes 2-4/10'],
  ['bytes=7-', 206, '789', 'bytes 7-9/10'],
  ['bytes=-3', 206, '789', 'bytes 7-9/10'],
  ['bytes=5-999', 206, '56789', 'bytes 5-9/10'],
  ['bytes=10-', 416, '', 'bytes */10'],
  ['bytes=-0', 416, '', 'bytes */10'],
  ['bytes=4-2', 200, '0123456789', undefined],
  ['bytes=0-1,3-4', 200, '0123456789', undefined],
  ['pages=1-2', 200, '0123456789', undefined],
])('RS13 Range %s answers %i', async (range, status, body, contentRange) => {
  const answer = await serve().inject({ url: '/file', headers: { range } });
  expect([answer.statusCode, answer.body, answer.headers['content-range']]).toEqual([
    status,
    body,
    contentRange,
  ]);
});

test('a range of a file that changed meanwhile answers the whole file', async () => {
  const headers = { range: 'bytes=2-4', 'if-range': '"old"' };
  const answer = await serve().inject({ url: '/file', headers });
  expect([answer.statusCode, answer.body]).toEqual([200, '0123456789']);
});

test('a known ETag answers 304 without a body', async () => {
  const answer = await serve().inject({ url: '/file', headers: { 'if-none-match': '"x", W/"abc"' } });
  expect([answer.statusCode, answer.body]).toEqual([304, '']);
});

test('HEAD has the length and no body', async () => {
  const answer = await serve().inject({ method: 'HEAD', url: '/file' });
  expect([answer.statusCode, answer.body, answer.headers['content-length']]).toEqual([200, '', '10']);
});

test.each(['image/svg+xml', 'text/html', 'application/xhtml+xml', 'application/javascript'])(
  'SE14 %s is only ever saved, never shown',
  async (contentType) => {
    const answer = await serve({ contentType, name: 'x' }).inject('/file');
    expect(answer.headers['content-disposition']).toBe('attachment; filename="x"');
  },
);

test.each([
  ['cat.png', 'attachment; filename="cat.png"'],
  ['猫.png', 'attachment; filename="_.png"; filename*=UTF-8\'\'%E7%8C%AB.png'],
  ['a"b\\c.png', 'attachment; filename="c.png"'],
  ['a\r\nset-cookie: x=1', 'attachment; filename="aset-cookie: x=1"'],
  ['../../etc/passwd', 'attachment; filename="passwd"'],
  ['..', 'attachment; filename="file"'],
])('RS2 the name %j is written by RFC 6266', (name, header) => {
  expect(formatDisposition('attachment', name)).toBe(header);
});

test('a name keeps its extension and loses half characters', () => {
  expect(toFileName('a\ud800b.png')).toBe('ab.png');
});

test('a file of no bytes has no satisfiable range', () => {
  expect(parseByteRange('bytes=0-', 0)).toEqual({ kind: 'unsatisfiable' });
});

test('a signed link holds for its path alone and ends within two hours', () => {
  let nowMs = Date.UTC(2026, 0, 1, 10, 30);
  const links = new SignedLinks(Buffer.from('k'.repeat(32)), () => nowMs);
  const url = new URL(links.sign('/a/1'), 'http://x');
  const expires = url.searchParams.get('expires') ?? '';
  const signature = url.searchParams.get('signature') ?? '';
  expect(links.verify('/a/1', expires, signature)).toBe(true);
  expect(links.verify('/a/2', expires, signature)).toBe(false);
  expect(links.verify('/a/1', String(Number(expires) + 1), signature)).toBe(false);
  expect(links.verify('/a/1', expires, `${signature}x`)).toBe(false);
  expect(new SignedLinks(Buffer.from('other'), () => nowMs).verify('/a/1', expires, signature)).toBe(false);
  nowMs = Date.UTC(2026, 0, 1, 12, 0);
  expect(links.verify('/a/1', expires, signature)).toBe(false);
});
