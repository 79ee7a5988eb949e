import { ComfyError, ComfyHttp, type HttpTransport, PromptFollower } from '@comfleet/comfyui';
import { describe, expect, test } from 'vitest';
import { silentLogger } from '../../platform/logging/logger.ts';
import { systemClock } from '../../platform/time/clock.ts';
import { leaveWorker } from './leave-worker.ts';

const ID = '01a206a6-d098-7b3c-950a-3205faf7381f';
const HISTORY = {
  [ID]: {
    outputs: { '9': { images: [{ filename: 'a.png', subfolder: '', type: 'output' }] } },
    status: { status_str: 'success', completed: true, messages: [['execution_success', {}]] },
  },
};
const EMPTY = { queue_running: [], queue_pending: [] };
const PENDING = { queue_running: [], queue_pending: [[1, ID, {}, {}, []]] };

/** A worker whose queue returns these responses in turn and repeats the last one. Null: connection refused. */
function leave(
  worker: { queue: unknown[] | null; history?: unknown },
  whatIsThere: 'stop' | 'keep' = 'stop',
) {
  const calls: string[] = [];
  const queue = [...(worker.queue ?? [])];
  const transport: HttpTransport = {
    request: async ({ method, url }) => {
      const { pathname } = new URL(url);
      calls.push(`${method} ${pathname}`);
      if (worker.queue === null) throw new ComfyError('CONNECTION_REFUSED', 'nobody listens');
      const answer = pathname === '/queue' && method === 'GET' ? queue[0] : (worker.history ?? {});
      if (pathname === '/queue' && method === 'GET' && queue.length > 1) queue.shift();
      const text = method === 'POST' ? '' : JSON.stringify(answer);
      // This server is too old to cancel in one step.
      const status = pathname.startsWith('/api/jobs') ? 404 : 200;
      return { status, headers: {}, text: async () => text, body: toStream(text) };
    },
  };
  const http = new ComfyHttp({ baseUrl: 'http://worker', transport });
  const deps = { clock: systemClock, logger: silentLogger };
  const follower = new PromptFollower({
    promptId: ID,
    http,
    pollMs: () => 1000,
    clock: deps.clock,
  });
  return { left: leaveWorker({ http, follower, whatIsThere, ...deps }), follower, calls };
}

async function* toStream(text: string) {
  yield Buffer.from(text);
}

describe('the last lookup on a lost worker', () => {
  test('LB8 takes the result of a prompt that has ended', async () => {
    const { left, follower } = leave({ queue: [EMPTY], history: HISTORY });

    expect(await left).toBe('ended');
    expect((await follower.ended).end.kind).toBe('succeeded');
  });

  test('LB8 stops a prompt that is still there, and sees it gone', async () => {
    const { left, calls } = leave({ queue: [PENDING, EMPTY] });

    expect(await left).toBe('gone');
    expect(calls).toContain('POST /queue');
  });

  test('TD16 leaves a prompt with paid nodes to run there', async () => {
    const { left, calls } = leave({ queue: [PENDING] }, 'keep');

    expect(await left).toBe('unknown');
    expect(calls.filter((call) => call.startsWith('POST'))).toEqual([]);
  });

  test('P5 is certain only when the worker says that it has nothing', async () => {
    expect(await leave({ queue: [EMPTY] }).left).toBe('gone');
    expect(await leave({ queue: null }).left).toBe('unknown');
  });
});
