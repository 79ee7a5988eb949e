import { type IncomingHttpHeaders, request as openRequest } from 'node:http';
import { connect } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import { Comfleet } from '@comfleet/sdk';
import { type RunningServer, startServer } from '@comfleet/test-kit/server';
import { afterAll, beforeAll, expect, test } from 'vitest';
import WebSocket from 'ws';
import { picture } from './support/graphs.ts';

/*
 * Rate limits over real sockets. All addresses of 127.0.0.0/8 are of this machine: each test sends from its own. What takes time
 * is tested with a clock that stands still in request-limits.test.ts.
 */

const ME = '/api/v2/auth/me';

let rig: RunningServer;
beforeAll(async () => {
  rig = await startServer({ simulators: [{}], config: { auth: { registration: 'open' } } });
  await rig.whenOnline();
});
afterAll(() => rig?.close());

interface Sent {
  from?: string;
  token?: string | null;
}

interface Received {
  status: number;
  headers: IncomingHttpHeaders;
}

function send(path: string, sent: Sent = {}): Promise<Received> {
  const { from = '127.0.0.1', token = null } = sent;
  const headers = token === null ? {} : { authorization: `Bearer ${token}` };
  return new Promise((resolve, reject) => {
    const request = openRequest(rig.url + path, { localAddress: from, headers, agent: false }, (response) => {
      const { statusCode: status = 0, headers: received } = response;
      readText(response).then(() => resolve({ status, headers: received }), reject);
    });
    request.on('error', reject);
    request.end();
  });
}

const sendMany = (count: number, path: string, sent: Sent) =>
  Promise.all(Array.from({ length: count }, () => send(path, sent)));

const count = (answers: readonly Received[], status: number) =>
  answers.filter((answer) => answer.status === status).length;

/** A client that registers itself; returns its token. */
async function signUp(name: string): Promise<string> {
  const body = { client_name: name };
  const { client_id, client_secret } = (await rig.ask(null, 'POST /api/v2/auth/register', { body })).json;
  const signedIn = await rig.ask(null, 'POST /api/v2/auth/token', { body: { client_id, client_secret } });
  return signedIn.json['access_token'];
}

const setLimit = (key: string, value: number | null) =>
  rig.ask(rig.token, `PUT /api/v2/admin/settings/rate_limits.${key}`, { body: { value } });
const resetLimit = (key: string) => rig.ask(rig.token, `DELETE /api/v2/admin/settings/rate_limits.${key}`);

test('AU11 by default an address gets 100 anonymous answers a minute, and what an admin made has no limit', async () => {
  const answers = await sendMany(130, ME, { from: '127.0.2.1' });
  // One comes back every 0.6 s.
  expect(count(answers, 401)).toBeGreaterThanOrEqual(100);
  expect(count(answers, 401)).toBeLessThan(115);
  const refused = answers.find(({ status }) => status === 429);
  expect(refused?.headers).toMatchObject({
    ...{ 'retry-after': '1', 'ratelimit-policy': '"anonymous";q=100;w=60' },
  });

  const client = await rig.register('made by an admin');
  const free = await sendMany(300, ME, { from: '127.0.2.1', token: client.token });
  expect([count(free, 200), free[0]?.headers['ratelimit']]).toEqual([300, undefined]);
});

test('AU11 of 50 parallel requests of a client exactly as many are answered as its limit, and another one shares nothing', async () => {
  await setLimit('registered_client_per_minute', 10);
  const [one, two] = [await signUp('one'), await signUp('two')];
  const answers = await sendMany(50, ME, { from: '127.0.2.2', token: one });

  expect([count(answers, 200), count(answers, 429)]).toEqual([10, 40]);
  expect((await send(ME, { from: '127.0.2.2', token: two })).headers).toMatchObject({
    ratelimit: '"registered_client";r=9;t=6',
  });
  await resetLimit('registered_client_per_minute');
});

test('AU11 the body of a refused request is not read, and its connection lives on', async () => {
  await setLimit('anonymous_per_minute', 1);
  const { hostname, port, host } = new URL(rig.url);
  const socket = connect({ host: hostname, port: Number(port), localAddress: '127.0.2.3' });
  let received = '';
  const answered = new Promise<void>((resolve, reject) => {
    socket.on('data', (bytes) => {
      received += bytes;
      if (received.endsWith('ok\n')) resolve();
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error(`closed after ${received}`)));
  });
  const post = (size: number) => {
    socket.write(`POST /api/v2/tasks HTTP/1.1\r\nhost: ${host}\r\ncontent-length: ${size}\r\n`);
    socket.write('content-type: application/json\r\n\r\n');
    socket.write(Buffer.alloc(size, ' '));
  };
  post(2);
  // Larger than any body may be.
  post(40 * 1024 * 1024);
  socket.write(`GET /healthz HTTP/1.1\r\nhost: ${host}\r\n\r\n`);
  await answered.finally(() => socket.destroy());

  expect(received.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 401', 'HTTP/1.1 429', 'HTTP/1.1 200']);
  await resetLimit('anonymous_per_minute');
});

test('AU11 opening an event stream or the live socket counts once, whatever it carries', async () => {
  const client = await rig.register('watcher', ['raw_graph']);
  const id = await rig.submit(client.token, { graph: picture(64) });
  await setLimit('client_per_minute', 60);
  const headers = { authorization: `Bearer ${client.token}` };
  const opened = await fetch(`${rig.url}/api/v2/tasks/${id}/events`, { headers });
  await opened.body?.cancel();
  expect([opened.status, opened.headers.get('ratelimit')]).toEqual([200, '"client";r=59;t=1']);

  await setLimit('anonymous_per_minute', 1);
  const dial = () =>
    new Promise<number | 'open'>((resolve, reject) => {
      const options = { localAddress: '127.0.2.4' };
      const socket = new WebSocket(`${rig.url.replace('http', 'ws')}/api/v2/live`, options);
      socket.on('open', () => resolve('open'));
      socket.on('unexpected-response', (_request, { statusCode = 0 }) => resolve(statusCode));
      socket.on('error', reject);
    });
  expect([await dial(), await dial()]).toEqual(['open', 429]);
  for (const key of ['anonymous_per_minute', 'client_per_minute']) await resetLimit(key);
});

test('AU11 the SDK waits as a refusal says, and then gets its answer', async () => {
  await setLimit('registered_client_per_minute', 60);
  const token = await signUp('patient');
  await sendMany(70, ME, { token });
  const waits: number[] = [];
  const comfleet = new Comfleet({
    url: rig.url,
    token,
    fetch: async (...sent) => {
      const answer = await fetch(...sent);
      if (answer.status === 429) waits.push(Number(answer.headers.get('retry-after')));
      return answer;
    },
  });

  expect(await comfleet.auth.me()).toMatchObject({ name: 'patient' });
  expect(waits.length).toBeLessThanOrEqual(2);
  expect(waits.every((seconds) => seconds === 1)).toBe(true);
  await resetLimit('registered_client_per_minute');
});
