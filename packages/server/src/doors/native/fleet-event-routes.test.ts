import { afterEach, beforeEach, expect, test } from 'vitest';
import { openTestServer, type TestServer, WORKER_ID } from '../../../test/kit/test-server.ts';

let server: TestServer;
beforeEach(async () => {
  server = await openTestServer();
});
afterEach(async () => {
  await server.close();
});

test('HR15 a check answers the worker with what this check found and how fast', async () => {
  const answer = await server.app.inject({
    method: 'POST',
    url: `/api/fleet/workers/${WORKER_ID}/check`,
    headers: server.local.headers,
  });
  expect(answer.json()).toMatchObject({
    worker_id: WORKER_ID,
    check: { result: 'ok', latency_ms: 1.4, message: 'answered in 1 ms' },
  });
});

test('HR5 the stream of the fleet begins with all workers, for admins only', async () => {
  const request = { url: '/api/fleet/stream', headers: server.local.headers };
  const streaming = server.app.inject(request).then((answer) => answer); // `inject` sends once `then` is called
  const refused = await server.app.inject({ ...request, headers: server.owner.headers });
  server.stop.abort();
  const { body, headers } = await streaming;
  expect(refused.statusCode).toBe(403);
  expect(headers['content-type']).toBe('text/event-stream; charset=utf-8');
  expect(body).toContain(`event: snapshot\ndata: {"kind":"snapshot","workers":[{"worker_id":"${WORKER_ID}"`);
});
