import { ComfyError, ComfyHttp, type HttpTransport } from '@comfleet/comfyui';
import { expect, test } from 'vitest';
import { silentLogger } from '../../platform/logging/logger.ts';
import type { Clock } from '../../platform/time/clock.ts';
import { submitPrompt } from './submit-prompt.ts';

const PROMPT_ID = '01a206a6-d098-7b3c-950a-3205faf7381f';

/** Time passes at once; what was waited for is kept. */
function createInstantClock() {
  const sleptMs: number[] = [];
  const clock: Clock = {
    nowMs: () => 0,
    monotonicMs: () => 0,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      sleptMs.push(ms);
    },
    setTimer: () => () => {},
  };
  return { clock, sleptMs };
}

/** A worker whose POST breaks, and whose other routes answer as told, or not at all (null). */
function submitTo(answers: Record<string, unknown> | null, code: 'RESET' | 'CONNECTION_REFUSED' = 'RESET') {
  const { clock, sleptMs } = createInstantClock();
  const posts: string[] = [];
  const transport: HttpTransport = {
    request: async ({ method, url }) => {
      const { pathname } = new URL(url);
      if (method === 'POST') posts.push(pathname);
      if (method === 'POST' || answers === null) throw new ComfyError(code, 'the connection broke');
      const text = JSON.stringify(answers[pathname.split('/')[1] ?? '']);
      return { status: 200, headers: {}, text: async () => text, body: (async function* () {})() };
    },
  };
  const outcome = submitPrompt({
    http: new ComfyHttp({ baseUrl: 'http://127.0.0.1:1', transport }),
    graph: { '1': { class_type: 'EmptyImage', inputs: {} } },
    promptId: PROMPT_ID,
    socketId: 'socket',
    extraData: {},
    signal: new AbortController().signal,
    clock,
    logger: silentLogger,
    ended: new Promise(() => {}),
    onAccepted: () => {},
  });
  return { outcome, posts, sleptMs };
}

test('an unclear POST is looked for at 0, 1, 3 and 5 s, sent once, and given up only when the worker says it is absent', async () => {
  const { outcome, posts, sleptMs } = submitTo({
    queue: { queue_running: [], queue_pending: [] },
    history: {},
  });

  expect(await outcome).toMatchObject({ kind: 'over', mayLand: true, result: { ending: 'lost' } });
  expect(posts).toEqual(['/prompt']);
  expect(sleptMs.slice(-4)).toEqual([0, 1000, 2000, 2000]);
});

test('an unclear POST to a worker that stays silent is followed, not sent elsewhere: it may run there', async () => {
  const { outcome, posts } = submitTo(null);

  expect(await outcome).toEqual({ kind: 'submitted' });
  expect(posts).toEqual(['/prompt']);
});

test('HR8 a POST that nobody took is told apart: nothing was sent', async () => {
  const { outcome } = submitTo(null, 'CONNECTION_REFUSED');

  expect(await outcome).toMatchObject({
    kind: 'over',
    mayLand: false,
    result: { error: { code: 'WORKER_UNREACHABLE', details: { dispatched: false, refused: true } } },
  });
});
