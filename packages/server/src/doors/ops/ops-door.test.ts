import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { healthSchema } from '@comfleet/contract';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openTestServer, type TestServer } from '../../../test/kit/test-server.ts';

let parent = '';
let folder = '';
let server: TestServer;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'comfleet-page-'));
  folder = join(parent, 'page');
  await mkdir(join(folder, 'assets'), { recursive: true });
  await writeFile(join(folder, 'index.html'), '<!doctype html><title>page</title>');
  await writeFile(join(folder, 'assets', 'app-1a2b.js'), 'export {};');
  await writeFile(join(parent, 'comfleet-outside.txt'), 'outside');
  server = await openTestServer({ clientFolder: folder });
});
afterEach(async () => {
  await server.close();
  await rm(parent, { recursive: true });
});

test.each(['/api/health', '/health', '/api/v2/health'])(
  'API10 %s reports the overall state and each part',
  async (url) => {
    const answer = await server.app.inject(url);
    expect(answer.statusCode).toBe(200);
    const health = healthSchema.parse(answer.json());
    expect(health.status).toBe('ok');
    expect(Object.keys(health.services).sort()).toEqual(['database', 'nodes', 'queue', 'redis', 'storage']);
    expect(health.services.redis).toMatchObject({
      message: 'not configured, not needed',
      message_text: { code: 'service.redis_unneeded', params: {} },
    });
  },
);

test('API10 a database that does not answer is down with 503, and the server is not ready', async () => {
  const failing = await openTestServer();
  await failing.db.close();
  const answer = await failing.app.inject('/api/health');
  expect([answer.statusCode, answer.json().status, answer.json().services.database.status]).toEqual([
    503,
    'down',
    'down',
  ]);
  expect((await failing.app.inject('/readyz')).statusCode).toBe(503);
  expect((await failing.app.inject('/healthz')).statusCode).toBe(200);
  await failing.app.close();
});

test('a server that is stopping is not ready', async () => {
  expect((await server.app.inject('/readyz')).statusCode).toBe(200);
  server.stop.abort();
  expect((await server.app.inject('/readyz')).statusCode).toBe(503);
});

test('DB16 metrics count tasks by state, workers by state and requests by route', async () => {
  await server.app.inject('/healthz');
  const { body, headers } = await server.app.inject({ url: '/metrics', headers: server.local.headers });
  expect(headers['content-type']).toContain('text/plain');
  expect(body).toContain('comfleet_tasks{state="queued"} 3');
  expect(body).toContain('comfleet_tasks_finished_total{state="succeeded"} 7');
  expect(body).toContain('comfleet_finished_by_total{source="watchdog"} 1');
  expect(body).toContain('comfleet_overlap_possible_total 2');
  expect(body).toContain('comfleet_workers{state="online"} 1');
  expect(body).toContain('comfleet_http_request_seconds_count{method="GET",route="/healthz",status="200"} 1');
});

test('SE19 the page is served under a policy without inline script', async () => {
  const page = await server.app.inject('/client/');
  expect([page.statusCode, page.body]).toEqual([200, '<!doctype html><title>page</title>']);
  expect(page.headers).toMatchObject({
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-cache',
    'content-security-policy': expect.stringContaining("script-src 'self';"),
  });
  expect(page.headers['content-security-policy']).not.toContain('unsafe');
});

test('/ and /client lead to the page', async () => {
  for (const url of ['/', '/client']) {
    const answer = await server.app.inject(url);
    expect([answer.statusCode, answer.headers.location]).toEqual([302, '/client/']);
  }
});

test('files with a hash in their name are kept for a year', async () => {
  const file = await server.app.inject('/client/assets/app-1a2b.js');
  expect([file.statusCode, file.headers['cache-control']]).toEqual([
    200,
    'public, max-age=31536000, immutable',
  ]);
});

test.each([
  '/client/../comfleet-outside.txt',
  '/client/%2e%2e/comfleet-outside.txt',
  '/client/..%2fcomfleet-outside.txt',
  '/client/%252e%252e/comfleet-outside.txt',
  '/client/assets/..\\..\\comfleet-outside.txt',
])('SE15 %s does not leave the folder of the page', async (url) => {
  const answer = await server.app.inject(url);
  expect(answer.statusCode).toBeGreaterThanOrEqual(400);
  expect(answer.body).not.toBe('outside');
});

test('API11 the documentation page loads its own script under its policy', async () => {
  const page = await server.app.inject('/docs');
  expect([page.statusCode, page.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
  expect(page.headers['content-security-policy']).toContain("script-src 'self'");
  expect(page.body).not.toMatch(/<script(?![^>]*\bsrc=)[^>]*>/);
  const sources = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? '');
  expect(sources.length).toBeGreaterThan(2);
  for (const source of sources) {
    const answer = await server.app.inject(new URL(source, 'http://localhost/docs').pathname);
    expect([source, answer.statusCode]).toEqual([source, 200]);
  }
});
