import { type IncomingHttpHeaders, request as openRequest } from 'node:http';
import { text as readText } from 'node:stream/consumers';
import { type Json, type RunningServer, startServer } from '@comfleet/test-kit/server';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import WebSocket from 'ws';

/*
 * What reaches the server from elsewhere, over real sockets: proxies, pages of other origins, other host names. All addresses of
 * 127.0.0.0/8 are of this machine, so that a client can connect from a trusted and from any other one.
 */

const PROXY = '127.0.0.2';
const STRANGER = '127.0.0.3';
const STUDIO = 'https://studio.example:8443';
const PUBLIC = 'https://render.example';

let rig: RunningServer;
beforeAll(async () => {
  const server = {
    port: 0,
    public_url: PUBLIC,
    allowed_hosts: ['render.lan'],
    allowed_origins: [STUDIO],
    trusted_proxies: [`${PROXY}/32`, '127.0.0.4'],
  };
  rig = await startServer({ simulators: [], config: { server } });
});
afterAll(() => rig?.close());

interface Sent {
  from?: string;
  method?: string;
  headers?: Record<string, string>;
  body?: object;
}

interface Received {
  status: number;
  headers: IncomingHttpHeaders;
  json: Json;
}

/** Sends a request from an address of this machine. */
function send(path: string, { from = '127.0.0.1', method = 'GET', headers = {}, body }: Sent = {}) {
  const type = body && { 'content-type': 'application/json' };
  return new Promise<Received>((resolve, reject) => {
    const options = { method, localAddress: from, headers: { ...type, ...headers }, agent: false };
    const request = openRequest(rig.url + path, options, (response) => {
      const { statusCode: status = 0, headers: received } = response;
      const isJson = received['content-type']?.startsWith('application/json') === true;
      const read = readText(response).then((text) => (isJson && text !== '' ? JSON.parse(text) : {}));
      read.then((json: Json) => resolve({ status, headers: received, json }), reject);
    });
    request.on('error', reject);
    request.end(body && JSON.stringify(body));
  });
}

/** Opens the live socket; resolves with `open` or the status that refused it. */
function dial(headers: Record<string, string>, from = '127.0.0.1') {
  const socket = new WebSocket(`${rig.url.replace('http', 'ws')}/api/v2/live`, {
    headers,
    localAddress: from,
  });
  return new Promise<number | 'open'>((resolve, reject) => {
    socket.on('open', () => resolve('open'));
    socket.on('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0));
    socket.on('error', reject);
  }).finally(() => {
    socket.on('error', () => {});
    socket.terminate();
  });
}

const forwardedFor = (address: string) => ({ 'x-forwarded-for': address, 'x-forwarded-proto': 'https' });

/** Signs in with wrong passwords until refused; returns how many were tried. */
async function countGuesses(login: string, sent: (guess: number) => Sent): Promise<number> {
  for (let guess = 1; guess <= 200; guess += 1) {
    const body = { username: `${login}-${guess}`, password: 'not it at all' };
    const answer = await send('/api/v2/auth/sign-in', { method: 'POST', body, ...sent(guess) });
    if (answer.status === 429) return guess - 1;
  }
  return 200;
}

describe('a trusted proxy', () => {
  test('SE8 names the client of a session, whatever the client wrote before it', async () => {
    const name = { client_name: 'studio' };
    const made = await rig.ask(rig.token, 'POST /api/v2/auth/register', { body: name });
    const { client_id, client_secret } = made.json;
    const body = { client_id, client_secret };
    const addresses: Record<string, string> = {
      [PROXY]: '198.51.100.1, 203.0.113.7',
      '127.0.0.4': `198.51.100.1, [2001:db8::7]:50000, ${PROXY}`,
      [STRANGER]: '203.0.113.9',
    };
    for (const [from, forwarded] of Object.entries(addresses)) {
      const headers = forwardedFor(forwarded);
      expect((await send('/api/v2/auth/token', { method: 'POST', from, headers, body })).status).toBe(200);
    }
    const own = await send('/api/v2/auth/token', { method: 'POST', body });
    const { sessions } = (await rig.ask(own.json.access_token, 'GET /api/v2/auth/sessions')).json;
    const found = sessions.map((session: { address: string | null }) => session.address);
    expect(found).toEqual(expect.arrayContaining(['203.0.113.7', '2001:db8::7', STRANGER]));
    expect(found.filter((address: string | null) => /198\.51|113\.9/.test(address ?? ''))).toEqual([]);
  });

  test('SE4 guesses of one client of it slow no other one', async () => {
    const first = await countGuesses('one', () => ({ from: PROXY, headers: forwardedFor('203.0.113.20') }));
    const other = await send('/api/v2/auth/sign-in', {
      method: 'POST',
      from: PROXY,
      headers: forwardedFor('203.0.113.21'),
      body: { username: 'nobody', password: 'not it at all' },
    });
    expect([first, other.status]).toEqual([60, 401]);
  });

  test('SE4 an invented header gives a stranger no new address, and IPv6 no new network', async () => {
    const forge = (guess: number) => ({ from: STRANGER, headers: forwardedFor(`203.0.113.${guess}`) });
    expect(await countGuesses('forged', forge)).toBe(60);
    const hop = (guess: number) => ({
      from: PROXY,
      headers: forwardedFor(`2001:db8:1:2::${guess.toString(16)}`),
    });
    expect(await countGuesses('hopping', hop)).toBe(60);
  });

  test('what came by HTTPS through it has HSTS, what a stranger calls HTTPS has not', async () => {
    const headers = forwardedFor('203.0.113.7');
    const [trusted, stranger] = [
      await send('/healthz', { from: PROXY, headers }),
      await send('/healthz', { from: STRANGER, headers }),
    ];
    expect(trusted.headers['strict-transport-security']).toBe('max-age=31536000');
    expect(stranger.headers).not.toHaveProperty('strict-transport-security');
  });
});

describe('the Host', () => {
  test.each([
    ['render.example', 200],
    ['render.lan:8000', 200],
    ['localhost', 200],
    ['evil.example', 400],
    ['203.0.113.7', 400],
  ])('SE20 %s answers %i, also for the live socket', async (host, status) => {
    const answer = await send('/healthz', { headers: { host } });
    expect(answer.status).toBe(status);
    expect(answer.json.error?.details.reason).toBe(status === 400 ? 'unknown_host' : undefined);
    expect(await dial({ host })).toBe(status === 400 ? 400 : 'open');
  });

  test('SE20 a forwarded name that is not ours is refused, and none of a stranger is read', async () => {
    const headers = { 'x-forwarded-host': 'evil.example' };
    expect((await send('/healthz', { from: PROXY, headers })).status).toBe(400);
    expect((await send('/healthz', { from: STRANGER, headers })).status).toBe(200);
  });

  test('SE20 links have the public address, whatever the request is for', async () => {
    const headers = { host: 'render.lan', authorization: `Bearer ${rig.token}` };
    const made = await send('/api/v2/auth/links', { method: 'POST', headers });
    expect(made.status).toBe(201);
    expect(JSON.stringify(made.json)).toContain(`${PUBLIC}/client#code=`);
    expect(JSON.stringify(made.json)).not.toContain('render.lan');
  });
});

describe('a page of another origin', () => {
  const authorization = () => `Bearer ${rig.token}`;
  const ask = (origin: string) =>
    send('/api/v2/tasks', { headers: { origin, authorization: authorization() } });
  const askFirst = (origin: string, path = '/api/v2/jobs') =>
    send(path, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization, content-type, idempotency-key',
      },
    });

  test('AU12 that is named reads answers and refusals of every door, and may send what clients send', async () => {
    const answers = [await ask(STUDIO), await send('/api/v2/tasks', { headers: { origin: STUDIO } })];
    expect(answers.map(({ status }) => status)).toEqual([200, 401]);
    for (const path of ['/api/v2/jobs', '/api/v2/tasks', '/api/projects', '/api/v2/auth/token']) {
      const asked = await askFirst(STUDIO, path);
      expect([path, asked.status]).toEqual([path, 204]);
      expect(asked.headers['access-control-allow-headers']).toContain('idempotency-key');
      expect(asked.headers['access-control-allow-methods']).toContain('POST');
      answers.push(asked);
    }
    for (const { headers } of answers) {
      expect(headers['access-control-allow-origin']).toBe(STUDIO);
      expect(headers.vary).toMatch(/\bOrigin\b/i);
      expect(headers).not.toHaveProperty('access-control-allow-credentials');
    }
  });

  test('AU12 that is named follows an event stream', async () => {
    const stream = await fetch(`${rig.url}/api/fleet/stream`, {
      headers: { origin: STUDIO, authorization: authorization() },
    });
    await stream.body?.cancel();
    expect(stream.headers.get('content-type')).toContain('text/event-stream');
    expect(stream.headers.get('access-control-allow-origin')).toBe(STUDIO);
  });

  test.each(['https://evil.example', 'https://studio.example', 'http://studio.example:8443', 'null', '*'])(
    'AU12 %s, which is not named, is allowed nothing',
    async (origin) => {
      for (const { headers } of [await ask(origin), await askFirst(origin)])
        expect(headers['access-control-allow-origin'] ?? 'none').toBe('none');
    },
  );

  test.each([
    [STUDIO, 'open'],
    [PUBLIC, 'open'],
    ['https://evil.example', 403],
    ['https://studio.example', 403],
    ['null', 403],
  ])('SE7 %s opens the live socket: %s', async (origin, outcome) => {
    expect(await dial({ origin })).toBe(outcome);
  });
});
