import { ComfyError, type HttpRequest, type HttpTransport } from '@comfleet/comfyui';
import { SettlingClock } from '@comfleet/test-kit';
import { expect, test } from 'vitest';
import { checkHealth } from './check-health.ts';

const STATS = '{"system":{"comfyui_version":"0.3.64","argv":["main.py"]},"devices":[{"type":"cuda"}]}';

/** A transport that answers every request the same way and records them. */
function answering(status: number, body: string) {
  const requests: HttpRequest[] = [];
  const transport: HttpTransport = {
    request: async (request) => {
      requests.push(request);
      return { status, headers: {}, text: async () => body, body: (async function* () {})() };
    },
  };
  return { transport, requests };
}

function failing(
  code: ConstructorParameters<typeof ComfyError>[0],
  details: { portClosed?: true } = {},
): HttpTransport {
  return { request: () => Promise.reject(new ComfyError(code, `fake ${code}`, { details })) };
}

const check = (transport: HttpTransport, timeoutMs = 2_000) =>
  checkHealth({
    transport,
    clock: new SettlingClock(),
    url: 'http://gpu:8188',
    timeoutMs,
    versionFloor: null,
    marker: null,
    signal: new AbortController().signal,
  });

test('HR1 a worker is healthy when GET /system_stats answers 200 with the body of a ComfyUI', async () => {
  const { transport, requests } = answering(200, STATS);
  const { result, stats } = await check(transport);
  expect(result).toEqual({ kind: 'ok', latencyMs: 0, version: '0.3.64' });
  expect(stats?.devices).toEqual([{ type: 'cuda' }]);
  expect(requests.map(({ method, url }) => `${method} ${url}`)).toEqual(['GET http://gpu:8188/system_stats']);
});

test.each([204, 404, 500])('HR1 a response with status %i is not healthy', async (status) => {
  const { result, stats } = await check(answering(status, STATS).transport);
  expect([result, stats]).toEqual([{ kind: 'bad_status', status }, null]);
});

test.each([
  [401, '', { kind: 'login', status: 401, sent: false }],
  [403, '', { kind: 'login', status: 403, sent: false }],
  [302, '', { kind: 'redirected', to: '?' }],
  [503, STATS, { kind: 'proxy', status: 503 }],
  [400, 'Client sent an HTTP request to an HTTPS server.', { kind: 'needs_https' }],
  [400, 'bad', { kind: 'bad_status', status: 400 }],
  [200, '  <!doctype HTML><title>Sign in</title>', { kind: 'web_page' }],
])('a response with status %i and the body %j is reported as what it is', async (status, body, result) => {
  expect((await check(answering(status, body).transport)).result).toEqual(result);
});

test('HR1 the time-out of the use is that of the request, and is said in the finding', async () => {
  const { transport, requests } = answering(200, STATS);
  await check(transport, 2_500);
  expect(requests.map(({ timeoutMs }) => timeoutMs)).toEqual([2_500]);
  expect((await check(failing('TIMEOUT'), 2_500)).result).toEqual({ kind: 'timeout', afterMs: 2_500 });
});

test('HR1 HR3 a refused connection is not a time-out, and a host that cannot be reached refuses nothing', async () => {
  expect((await check(failing('CONNECTION_REFUSED', { portClosed: true }))).result).toEqual({
    kind: 'refused',
  });
  expect((await check(failing('CONNECTION_REFUSED'))).result).toEqual({ kind: 'unreachable' });
});
