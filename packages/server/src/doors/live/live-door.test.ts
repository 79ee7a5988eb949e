import { request as httpRequest } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import type { LiveMessage } from '@comfleet/contract';
import { afterEach, beforeEach, expect, test } from 'vitest';
import WebSocket from 'ws';
import { BATCH_ID, sampleTask, TASK_ID } from '../../../test/kit/fake-calls/samples.ts';
import { openTestServer, type TestServer } from '../../../test/kit/test-server.ts';

let server: TestServer;
let port = 0;
const sockets: WebSocket[] = [];

beforeEach(async () => {
  server = await openTestServer({ config: 'limits: { streams_per_client: 2 }' });
  await server.app.listen({ host: '127.0.0.1', port: 0 });
  port = (server.app.server.address() as AddressInfo).port;
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.terminate();
  await server.close();
});

/** Opens a live socket whose messages are read one at a time. */
function dial(headers: Record<string, string> = {}) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/api/v2/live`, { headers });
  sockets.push(socket);
  const queue: LiveMessage[] = [];
  let wake = (): void => {};
  socket.on('message', (data) => {
    queue.push(JSON.parse(String(data)));
    wake();
  });
  socket.on('error', () => {});
  return {
    socket,
    opened: new Promise<void>((resolve) => socket.on('open', () => resolve())),
    closed: new Promise<{ code: number; reason: string }>((resolve) =>
      socket.on('close', (code, reason) => resolve({ code, reason: String(reason) })),
    ),
    refused: new Promise<number>((resolve) =>
      socket.on('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0)),
    ),
    send: (message: unknown) => socket.send(typeof message === 'string' ? message : JSON.stringify(message)),
    next: async (): Promise<LiveMessage> => {
      for (;;) {
        const message = queue.shift();
        if (message) return message;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}

async function signIn(token = server.owner.token) {
  const live = dial();
  await live.opened;
  live.send({ type: 'auth', token });
  expect(await live.next()).toMatchObject({ type: 'ready' });
  return live;
}

test('PR5 after auth a watcher of a task gets its frames and resumes by number', async () => {
  const live = await signIn();
  server.streams.frames = [{ kind: 'snapshot', task: sampleTask(server.owner.principal.id, 1) }];
  live.send({ type: 'watch_task', task_id: TASK_ID, after: 4 });
  expect(await live.next()).toMatchObject({
    type: 'frame',
    frame: { kind: 'snapshot', task: { task_id: TASK_ID } },
  });
  expect(server.streams.watching.map(({ after }) => after)).toEqual([4]);
});

test('PR5 batches and all own tasks are watched on the same socket', async () => {
  const live = await signIn();
  server.streams.frames = [{ kind: 'snapshot', task: sampleTask(server.owner.principal.id, 1) }];
  live.send({ type: 'watch_batch', batch_id: BATCH_ID });
  expect(await live.next()).toMatchObject({ type: 'frame' });
  live.send({ type: 'watch_own' });
  expect(await live.next()).toMatchObject({ type: 'frame' });
});

test('a foreign task returns TASK_NOT_FOUND and the socket stays open', async () => {
  const live = await signIn(server.other.token);
  live.send({ type: 'watch_task', task_id: TASK_ID });
  expect(await live.next()).toMatchObject({ type: 'error', error: { code: 'TASK_NOT_FOUND' } });
  live.send({ type: 'watch_task', task_id: 'nonsense' });
  expect(await live.next()).toMatchObject({ type: 'error', error: { code: 'TASK_NOT_FOUND' } });
});

test('unwatching and closing end what was watched', async () => {
  const live = await signIn();
  server.streams.isWaiting = true;
  server.streams.frames = [{ kind: 'snapshot', task: sampleTask(server.owner.principal.id, 1) }];
  live.send({ type: 'watch_task', task_id: TASK_ID });
  await live.next();
  const [first] = server.streams.watching;
  const firstEnded = new Promise((resolve) => first?.signal.addEventListener('abort', resolve));
  live.send({ type: 'unwatch', task_id: TASK_ID });
  await firstEnded;
  live.send({ type: 'watch_own' });
  await live.next();
  const second = server.streams.watching[1];
  const secondEnded = new Promise((resolve) => second?.signal.addEventListener('abort', resolve));
  live.socket.close();
  await secondEnded;
});

test.each([
  ['a bad token', { type: 'auth', token: 'x' }],
  ['a watch before auth', { type: 'watch_own' }],
])('AU2 %s closes the socket with 4401', async (_what, message) => {
  const live = dial();
  await live.opened;
  live.send(message);
  expect(await live.next()).toMatchObject({ type: 'error', error: { code: 'UNAUTHORIZED' } });
  expect((await live.closed).code).toBe(4401);
});

test('SE7 a socket that never authenticates is closed after ten seconds', async () => {
  const live = dial();
  await live.opened;
  server.clock.advance(10_000);
  expect((await live.closed).code).toBe(4401);
});

test('SE6 AU2 a revoked client loses its open socket within five seconds', async () => {
  const live = await signIn();
  await server.identity.clients.revoke(server.local.principal, server.owner.principal.id);
  server.clock.advance(5000);
  expect(await live.closed).toEqual({ code: 4401, reason: 'the session has ended' });
});

test('SE6 AU2 revoking a key closes its open socket and its event stream at once', async () => {
  const { keys } = server.identity;
  const made = await keys.create(server.owner.principal, { name: 'watcher', scopes: null, lifetimeMs: null });
  const live = await signIn(made.key);
  server.streams.isWaiting = true;
  const headers = { authorization: `Bearer ${made.key}` };
  const stream = await openStream(`/api/v2/tasks/${TASK_ID}/events`, headers);
  await stream.waitFor('retry');
  await keys.revoke(server.owner.principal, made.row.id);
  // The clock stands still: no periodic check ran.
  expect((await live.closed).code).toBe(4401);
  await stream.ended;
});

test('SE7 a page of another origin cannot open the socket', async () => {
  expect(await dial({ origin: 'https://evil.example' }).refused).toBe(403);
  expect(await dial({ origin: 'null' }).refused).toBe(403);
  const own = dial({ origin: `http://127.0.0.1:${port}` });
  await own.opened;
});

test('SE7 messages above 64 kB, binary messages and broken JSON are refused', async () => {
  const large = dial();
  await large.opened;
  large.send('x'.repeat(70_000));
  expect((await large.closed).code).toBe(1009);
  const binary = dial();
  await binary.opened;
  binary.socket.send(Buffer.from('{}'));
  expect((await binary.closed).code).toBe(1003);
  const broken = dial();
  await broken.opened;
  broken.send('{');
  expect(await broken.next()).toMatchObject({ type: 'error', error: { code: 'INVALID_REQUEST' } });
});

test('more sockets than streams_per_client are closed with 4429', async () => {
  await signIn();
  await signIn();
  const third = dial();
  await third.opened;
  third.send({ type: 'auth', token: server.owner.token });
  expect(await third.next()).toMatchObject({ type: 'error', error: { code: 'TOO_MANY_STREAMS' } });
  expect((await third.closed).code).toBe(4429);
});

test('a server that stops closes its sockets with 1001', async () => {
  const live = await signIn();
  server.stop.abort();
  expect((await live.closed).code).toBe(1001);
});

/** The response to a raw upgrade request, until the server closes the connection. */
async function askUpgrade(path: string, protocol: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\n`,
  );
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  return text;
}

test.each([
  ['/ws', 'websocket', '404'],
  ['/healthz', 'websocket', '200'],
  ['/healthz', 'h2c', '200'],
])(
  'an upgrade request that %s does not know (%s) holds no connection when it is answered',
  async (path, protocol, status) => {
    expect(await askUpgrade(path, protocol)).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  },
);

/** Opens an event stream; `waitFor` resolves with all text once it contains a word. */
function openStream(path: string, headers: Record<string, string>) {
  return new Promise<{
    status: number;
    headers: object;
    waitFor: (word: string) => Promise<string>;
    destroy: () => void;
    ended: Promise<void>;
  }>((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port, path, headers }, (response) => {
      let text = '';
      let wake = (): void => {};
      response.on('data', (chunk) => {
        text += String(chunk);
        wake();
      });
      const waitFor = async (word: string): Promise<string> => {
        while (!text.includes(word)) {
          await new Promise<void>((done) => {
            wake = done;
          });
        }
        return text;
      };
      const ended = new Promise<void>((end) => response.on('close', () => end()));
      const status = response.statusCode ?? 0;
      resolve({ status, headers: response.headers, waitFor, destroy: () => request.destroy(), ended });
    });
    request.on('error', reject);
    request.end();
  });
}

test('PR5 the event stream of a task has event, id and data, and resumes by Last-Event-ID', async () => {
  server.streams.isWaiting = true;
  server.streams.frames = [
    {
      kind: 'event',
      task: null,
      event: {
        task_id: TASK_ID,
        number: 5,
        type: 'task.queued',
        at: '2026-01-01T00:00:00.000Z',
        status: 'queued',
        actor: 'system',
        attempt_id: null,
        attempt_number: null,
        worker_id: null,
        prompt_id: null,
        held_reason: null,
        error: null,
        details: null,
      },
    },
  ];
  const headers = { ...server.owner.headers, 'last-event-id': '4' };
  const stream = await openStream(`/api/v2/tasks/${TASK_ID}/events`, headers);
  const text = await stream.waitFor('task.queued');
  expect(stream.status).toBe(200);
  expect(stream.headers).toMatchObject({
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  });
  expect(text).toMatch(/^retry: 2000\n\nevent: event\nid: 5\ndata: \{"kind":"event",/);
  const [watch] = server.streams.watching;
  expect(watch?.after).toBe(4);
  const gone = new Promise((resolve) => watch?.signal.addEventListener('abort', resolve));
  stream.destroy();
  await gone;
});

test('an event stream is kept alive every 15 s and ends when its client is revoked', async () => {
  server.streams.isWaiting = true;
  const stream = await openStream(`/api/v2/tasks/${TASK_ID}/events`, server.owner.headers);
  await stream.waitFor('retry');
  server.clock.advance(15_000);
  await stream.waitFor(': alive');
  await server.identity.clients.revoke(server.local.principal, server.owner.principal.id);
  server.clock.advance(5000);
  await stream.ended;
});
