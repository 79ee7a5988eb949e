import { expect, it } from 'vitest';
import { createFakeClock, createFakeRandom } from '../test/fakes.ts';
import { announceWorker } from './announce-worker.ts';
import { ComfleetError } from './errors.ts';

const WORKER = { name: 'gpu-9', url: 'http://10.0.0.9:8188' };
const JOIN_TOKEN = 'f3b1c9d27a5e48b6900d1e2f3a4b5c6d';
const TAKEN = { worker_id: 'w', name: 'gpu-9', state: 'online', again_seconds: 60 };

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** A server that gives these answers, the last one again and again, and ends the loop with the last. */
function createServer(...answers: readonly Answer[]) {
  const stop = new AbortController();
  const requests: { url: string; authorization: string | null; body: unknown }[] = [];
  const call: typeof fetch = async (input, init) => {
    const headers = new Headers(init?.headers);
    requests.push({
      url: String(input),
      authorization: headers.get('authorization'),
      body: JSON.parse(String(init?.body)),
    });
    const answer = answers[Math.min(requests.length, answers.length) - 1];
    if (requests.length === answers.length) stop.abort();
    return new Response(JSON.stringify(answer?.body), { status: answer?.status ?? 500 });
  };
  const { clock, slept } = createFakeClock();
  const options = {
    server: 'http://control:8000/',
    joinToken: JOIN_TOKEN,
    fetch: call,
    clock,
    random: createFakeRandom(),
  };
  return { options, requests, slept, signal: stop.signal };
}

const refused = (status: number, code: string): Answer => ({
  status,
  body: { error: { code, message: code, details: null }, request_id: 'r' },
});

it('ND4 says again that the worker is there before the time is over, with the join token, until it is stopped', async () => {
  const taken = { status: 200, body: TAKEN };
  const { options, requests, slept, signal } = createServer(taken, taken, taken);

  await announceWorker(WORKER, { ...options, signal });

  const request = {
    url: 'http://control:8000/api/fleet/register',
    authorization: `Bearer ${JOIN_TOKEN}`,
    body: WORKER,
  };
  expect(requests).toEqual([request, request, request]);
  expect(slept).toEqual([54_000, 54_000]);
});

it('tries again soon while the worker does not answer yet', async () => {
  const failures: string[] = [];
  const { options, slept, signal } = createServer(refused(502, 'WORKER_UNREACHABLE'), {
    status: 200,
    body: TAKEN,
  });

  await announceWorker(WORKER, { ...options, signal, onFailure: ({ code }) => failures.push(code) });

  expect([failures, slept]).toEqual([['WORKER_UNREACHABLE'], [9000]]);
});

it.each([
  [401, 'UNAUTHORIZED'],
  [403, 'DISCOVERY_OFF'],
  [409, 'CONFLICT'],
])('AU8 ends with the answer %d %s, which no repetition changes', async (status, code) => {
  const { options, requests } = createServer(refused(status, code), { status: 200, body: TAKEN });

  const ended = announceWorker(WORKER, options);

  await expect(ended).rejects.toMatchObject({ code });
  await expect(ended).rejects.toBeInstanceOf(ComfleetError);
  expect(requests).toHaveLength(1);
});
