import { describe, expect, it } from 'vitest';
import {
  answer,
  createFakeClock,
  createFakeFetch,
  createFakeRandom,
  refusal,
  SUBMITTED,
} from '../../test/fakes.ts';
import { Comfleet, type ComfleetOptions } from '../comfleet.ts';

const TOKEN = {
  access_token: 'drawn',
  token_type: 'bearer',
  expires_in: 3600,
  expires_at: '2026-01-01T01:00:00Z',
};
const WHO = {
  principal_id: 'p',
  kind: 'client',
  name: 'n',
  role: 'member',
  grants: [],
  permissions: ['tasks.run'],
};

function open(answers: (Response | Error)[], over: Partial<ComfleetOptions> = {}) {
  const { clock, slept, fireTimers, advance } = createFakeClock();
  const { fetch, requests } = createFakeFetch(...answers);
  const random = createFakeRandom();
  const comfleet = new Comfleet({ url: 'http://server/', token: 't', fetch, clock, random, ...over });
  return { comfleet, requests, slept, fireTimers, advance };
}

describe('submit', () => {
  it('sends the same idempotency key and body again after an unclear outcome', async () => {
    const { comfleet, requests } = open([new TypeError('fetch failed'), answer(SUBMITTED, 200)]);

    const submitted = await comfleet.tasks.submit({ workflow_name: 'empty_image' });

    expect(submitted.task_id).toBe('task-1');
    expect(requests.map((a) => a.headers['idempotency-key'])).toEqual([
      '000102030405060708090a0b0c0d0e0f',
      '000102030405060708090a0b0c0d0e0f',
    ]);
    expect(requests.map((a) => a.body)).toEqual([
      '{"workflow_name":"empty_image"}',
      '{"workflow_name":"empty_image"}',
    ]);
  });

  it('makes another key for another call', async () => {
    const { comfleet, requests } = open([answer(SUBMITTED), answer(SUBMITTED)]);

    await comfleet.tasks.submit({});
    await comfleet.tasks.submit({});

    expect(requests[0]?.headers['idempotency-key']).not.toBe(requests[1]?.headers['idempotency-key']);
  });

  it('WF23 sends a raw graph as written', async () => {
    const { comfleet, requests } = open([answer(SUBMITTED)]);

    await comfleet.tasks.submit({ name: 'n', rawGraph: '{"3":{"inputs":{"seed":18446744073709551615}}}' });

    expect(requests[0]?.body).toBe('{"name":"n","graph":{"3":{"inputs":{"seed":18446744073709551615}}}}');
  });
});

describe('retries', () => {
  it('waits as Retry-After says', async () => {
    const { comfleet, slept } = open([refusal('UNAVAILABLE', 503, { 'retry-after': '7' }), answer(WHO)]);

    await comfleet.auth.me();

    expect(slept).toEqual([7000]);
  });

  it('AU11 sends a request again, also one that creates, after the seconds of a rate limit', async () => {
    const limited = () => refusal('RATE_LIMITED', 429, { 'retry-after': '3' });
    const { comfleet, slept, requests } = open([limited(), limited(), answer(SUBMITTED)]);

    await comfleet.tasks.submit({ name: 'n' });

    expect([slept, requests.length]).toEqual([[3000, 3000], 3]);
  });

  it('does not repeat a registration whose outcome is unclear', async () => {
    const { comfleet, requests } = open([new TypeError('fetch failed')]);

    await expect(comfleet.clients.register('name')).rejects.toMatchObject({ code: 'UNREACHABLE', status: 0 });
    expect(requests).toHaveLength(1);
  });

  it('gives up after five tries', async () => {
    const broken = Array.from({ length: 5 }, () => new TypeError('fetch failed'));
    const { comfleet, requests } = open(broken);

    await expect(comfleet.auth.me()).rejects.toMatchObject({ code: 'UNREACHABLE' });
    expect(requests).toHaveLength(5);
  });

  it('gives the caller the code, details and request id of a refusal', async () => {
    const { comfleet } = open([refusal('TASK_NOT_FOUND', 404)]);

    await expect(comfleet.tasks.load('x')).rejects.toMatchObject({
      code: 'TASK_NOT_FOUND',
      status: 404,
      requestId: 'req-1',
      details: { why: 'test' },
    });
  });
});

describe('answers', () => {
  it('names the fields of an answer that is not as expected', async () => {
    const { comfleet } = open([answer({ ...WHO, kind: 'robot' })]);

    await expect(comfleet.auth.me()).rejects.toMatchObject({ code: 'INVALID_ANSWER' });
  });

  it('reads the health of a service that is down', async () => {
    const down = { status: 'down', services: {} };
    const { comfleet } = open([answer(down, 503)]);

    expect(await comfleet.service.health()).toEqual(down);
  });

  it('passes pages on until the last', async () => {
    const { comfleet, requests } = open([
      answer({ tasks: [], total: 0, next_cursor: 'c2' }),
      answer({ tasks: [], total: 0, next_cursor: null }),
    ]);

    for await (const task of comfleet.tasks.each({ status: 'pending', batchId: 'b' }))
      expect(task).toBeDefined();

    expect(requests.map((a) => a.url)).toEqual([
      'http://server/api/v2/tasks?status=pending&batch_id=b',
      'http://server/api/v2/tasks?status=pending&cursor=c2&batch_id=b',
    ]);
  });
});

describe('waits', () => {
  /** A fetch that never answers but obeys its signal, and says when it was called. */
  function hang() {
    const calls: (() => void)[] = [];
    const fetch: ComfleetOptions['fetch'] = (_input, init) =>
      new Promise((_resolve, reject) => {
        init?.signal?.addEventListener('abort', () => reject(new DOMException('Aborted', 'AbortError')));
        calls.shift()?.();
      });
    return { fetch, called: () => new Promise<void>((resolve) => calls.push(resolve)) };
  }

  it('ends a call that outlives its time', async () => {
    const { fetch, called } = hang();
    const { comfleet, fireTimers } = open([], { fetch, retry: { retries: 0 }, timeoutMs: 5000 });
    const requests = called();
    const answered = comfleet.auth.me();
    const outcome = expect(answered).rejects.toMatchObject({ code: 'TIMED_OUT' });

    await requests;
    fireTimers();

    await outcome;
  });

  it('ends at once when the caller aborts, with the reason given', async () => {
    const { fetch, called } = hang();
    const { comfleet } = open([], { fetch });
    const abort = new AbortController();
    const requests = called();
    const answered = comfleet.auth.me({ signal: abort.signal });
    const outcome = expect(answered).rejects.toThrow('enough');

    await requests;
    abort.abort(new Error('enough'));

    await outcome;
  });
});

describe('a client with id and secret', () => {
  const credentials = { token: undefined, clientId: 'id', clientSecret: 'secret' };

  it('draws one token for many calls, and another shortly before its end', async () => {
    const { comfleet, requests, advance } = open(
      [answer(TOKEN), answer(WHO), answer(WHO), answer({ ...TOKEN, access_token: 'second' }), answer(WHO)],
      credentials,
    );

    await comfleet.auth.me();
    await comfleet.auth.me();
    advance(3_580_000);
    await comfleet.auth.me();

    expect(requests.map((a) => a.headers.authorization)).toEqual([
      undefined,
      'Bearer drawn',
      'Bearer drawn',
      undefined,
      'Bearer second',
    ]);
  });

  it('draws a new token once when the server refuses the old one', async () => {
    const { comfleet, requests } = open(
      [answer(TOKEN), refusal('UNAUTHORIZED', 401), answer({ ...TOKEN, access_token: 'new' }), answer(WHO)],
      credentials,
    );

    await comfleet.auth.me();

    expect(requests.at(-1)?.headers.authorization).toBe('Bearer new');
  });

  it('passes a refused secret on', async () => {
    const { comfleet } = open([refusal('UNAUTHORIZED', 401)], credentials);

    await expect(comfleet.auth.me()).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
  });
});
