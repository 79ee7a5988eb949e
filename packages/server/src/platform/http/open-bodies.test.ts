import { afterEach, expect, test } from 'vitest';
import { silentLogger } from '../logging/logger.ts';
import { systemClock } from '../time/clock.ts';
import { createHttpServer, type HttpServer } from './http-server.ts';

const LARGE = 100_000;
let app: HttpServer;
afterEach(() => app.close());

/** A server with room for five large bodies, two per client; held requests are answered when released. */
function createApp() {
  app = createHttpServer({
    listenHost: '127.0.0.1',
    publicUrl: null,
    allowedHosts: [],
    jsonBodyBytes: 2 * LARGE,
    body: { openBytes: 5.5 * LARGE, values: 1000, members: 1000, depth: 32, text: 2 * LARGE },
    clientOf: (request) => String(request.headers.client),
    logger: silentLogger,
    clock: systemClock,
  });
  let letGo = () => {};
  const released = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  let arrive = () => {};
  app.post('/held', async (request) => {
    arrive();
    await released;
    return { length: (request.body as { text: string }).text.length };
  });
  app.post('/quick', async () => ({ ok: true }));
  const send = async (client: string, url = '/quick', size = LARGE) =>
    app.inject({ method: 'POST', url, headers: { client }, payload: { text: 'x'.repeat(size) } });
  /** Resolves when the body has arrived; its response is pending. */
  const hold = async (client: string) => {
    const arrived = new Promise<void>((resolve) => {
      arrive = resolve;
    });
    const answer = send(client, '/held');
    await arrived;
    return { answer };
  };
  return { send, hold, letGo };
}

test('bodies without a response yet are limited: more are asked to wait, small ones are not, and none is lost', async () => {
  const { send, hold, letGo } = createApp();
  const held = [await hold('one'), await hold('one')];

  const beyondHalf = await send('one');
  expect([beyondHalf.statusCode, beyondHalf.headers['retry-after']]).toEqual([503, '2']);
  expect(beyondHalf.json().error).toMatchObject({
    code: 'UNAVAILABLE',
    details: { reason: 'too_many_bodies', setting: 'limits.open_body_bytes' },
  });

  held.push(await hold('two'), await hold('two'), await hold('three'));
  expect((await send('four')).statusCode).toBe(503);
  expect((await send('four', '/quick', 1000)).statusCode).toBe(200);

  letGo();
  for (const { answer } of held) expect((await answer).json()).toEqual({ length: LARGE });
  expect((await send('one')).statusCode).toBe(200);
});
