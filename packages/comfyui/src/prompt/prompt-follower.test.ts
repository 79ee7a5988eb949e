import { FakeClock } from '@comfleet/test-kit';
import { describe, expect, test } from 'vitest';
import { ComfyError } from '../http/comfy-error.ts';
import { ComfyHttp } from '../http/comfy-http.ts';
import type { HttpRequest, HttpResponse } from '../http/http-transport.ts';
import { type FollowerOptions, type FollowerReport, PromptFollower } from './prompt-follower.ts';

const ID = 'prompt-1';
const SUCCESS = {
  prompt: [1, ID, { '9': { class_type: 'SaveImage', inputs: {} } }, {}, ['9']],
  outputs: { '9': { images: [{ filename: 'a.png', subfolder: '', type: 'output' }] } },
  status: { status_str: 'success', completed: true, messages: [['execution_success', { prompt_id: ID }]] },
};

/** A worker that answers when the test says so. */
class FakeWorker {
  history: unknown = null;
  queue: 'running' | 'pending' | 'absent' = 'running';
  isAway = false;
  isHistoryBroken = false;
  readonly asked: string[] = [];
  inFlight = 0;
  mostInFlight = 0;

  async request({ url }: HttpRequest): Promise<HttpResponse> {
    this.asked.push(new URL(url).pathname.split('/')[1] ?? '');
    this.inFlight += 1;
    this.mostInFlight = Math.max(this.mostInFlight, this.inFlight);
    await Promise.resolve();
    this.inFlight -= 1;
    if (this.isAway) throw new ComfyError('CONNECTION_REFUSED', 'nobody listens');
    if (this.isHistoryBroken && url.includes('/history/')) throw new ComfyError('BAD_STATUS', 'answered 500');
    const body = url.endsWith('/queue')
      ? this.#toQueue()
      : this.history === null
        ? {}
        : { [ID]: this.history };
    const text = JSON.stringify(body);
    return { status: 200, headers: {}, text: async () => text, body: toStream(text) };
  }

  #toQueue() {
    const item = [1, ID, {}, {}, []];
    return {
      queue_running: this.queue === 'running' ? [item] : [],
      queue_pending: this.queue === 'pending' ? [item] : [],
    };
  }
}

async function* toStream(text: string) {
  yield new TextEncoder().encode(text);
}

function openFollower(options: Pick<FollowerOptions, 'resumed'> = {}) {
  const clock = new FakeClock();
  const worker = new FakeWorker();
  const reports: FollowerReport[] = [];
  const follower = new PromptFollower({
    promptId: ID,
    http: new ComfyHttp({ baseUrl: 'http://worker', transport: worker }),
    clock,
    pollMs: () => 1000,
    report: (report) => reports.push(report),
    ...options,
  });
  return { clock, worker, follower, reports };
}

/** Lets answers that are under way arrive: only promises are waited for, no time passes. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
}

async function pass(clock: FakeClock, ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 250) {
    clock.advance(Math.min(250, left));
    await settle();
  }
}

describe('following one prompt', () => {
  test('CD2 history is asked the moment the end is heard', async () => {
    const { worker, follower } = openFollower();
    follower.begin();
    worker.history = SUCCESS;

    follower.onMessage({ type: 'executing', data: { node: null, display_node: null, prompt_id: ID } });

    expect(worker.asked).toEqual(['history']);
    expect(await follower.ended).toMatchObject({ end: { kind: 'succeeded' }, finishedBy: 'socket', atMs: 0 });
  });

  test('CD8 the end of another prompt ends nothing here', async () => {
    const { worker, follower } = openFollower();
    follower.begin();

    follower.onMessage({ type: 'executing', data: { node: null, display_node: null, prompt_id: 'other' } });
    await settle();

    expect(worker.asked).toEqual([]);
    expect(follower.phase).toBe('queued');
  });

  test('CD9 without any message the watchdog finds the end within a second', async () => {
    const { clock, worker, follower } = openFollower();
    follower.begin();
    worker.history = SUCCESS;

    clock.advance(1000);

    expect(await follower.ended).toMatchObject({
      end: { kind: 'succeeded' },
      finishedBy: 'watchdog',
      atMs: 1000,
    });
  });

  test('CD10 the watchdog stops with the end', async () => {
    const { clock, worker, follower } = openFollower();
    follower.begin();
    worker.history = SUCCESS;
    clock.advance(1000);
    await follower.ended;
    const asked = worker.asked.length;

    await pass(clock, 60_000);

    expect(worker.asked.length).toBe(asked);
  });

  test('CD12 signal, watchdog and a check by hand together end it once', async () => {
    const { clock, worker, follower } = openFollower();
    const ends: unknown[] = [];
    void follower.ended.then((end) => ends.push(end));
    follower.begin();
    worker.history = SUCCESS;

    const checked = follower.check();
    follower.onMessage({ type: 'execution_success', data: { prompt_id: ID } });
    clock.advance(1000);
    await checked;
    await settle();
    follower.onMessage({ type: 'execution_success', data: { prompt_id: ID } });

    expect(ends).toHaveLength(1);
    expect(follower.phase).toBe('ended');
  });

  test('a history that comes late is asked for again, and then ends it', async () => {
    const { clock, worker, follower } = openFollower();
    follower.begin();
    follower.onMessage({ type: 'execution_success', data: { prompt_id: ID } });
    await pass(clock, 500);
    expect(follower.phase).toBe('ending');

    worker.history = SUCCESS;
    await pass(clock, 1000);

    expect(await follower.ended).toMatchObject({ end: { kind: 'succeeded' } });
  });

  test('CD11 a prompt that is in neither queue nor history any more is lost', async () => {
    const { clock, worker, follower } = openFollower();
    follower.begin();
    follower.onMessage({ type: 'execution_start', data: { prompt_id: ID } });
    worker.queue = 'absent';

    await pass(clock, 8000);

    expect(await follower.ended).toMatchObject({ end: { kind: 'lost' } });
  });

  test('CD24 a worker that does not answer is asked again until it does', async () => {
    const { clock, worker, follower } = openFollower();
    follower.begin();
    worker.isAway = true;
    await pass(clock, 30_000);
    expect(follower.phase).toBe('queued');

    worker.isAway = false;
    worker.history = SUCCESS;
    await pass(clock, 1000);

    expect(await follower.ended).toMatchObject({ end: { kind: 'succeeded' } });
  });

  test('messages do not pile up requests: one is in flight', async () => {
    const { worker, follower } = openFollower();
    follower.begin();

    for (let count = 0; count < 100; count += 1)
      follower.onMessage({ type: 'execution_success', data: { prompt_id: ID } });
    await settle();

    expect(worker.mostInFlight).toBe(1);
    expect(worker.asked.length).toBeLessThanOrEqual(2);
  });

  test('CD18 after the socket came back the prompt is looked for', async () => {
    const { worker, follower } = openFollower();
    follower.begin();

    follower.onReconnected();
    await settle();

    expect(worker.asked).toEqual(['queue']);
  });

  test('a resumed prompt is looked for at once, queue before history', async () => {
    const { clock, worker, follower } = openFollower({ resumed: true });
    worker.queue = 'absent';
    worker.history = SUCCESS;

    follower.begin();
    await pass(clock, 1000);

    expect(worker.asked.slice(0, 2)).toEqual(['queue', 'history']);
    expect(await follower.ended).toMatchObject({ end: { kind: 'succeeded' }, finishedBy: 'adoption' });
  });

  test('stopped, it asks nothing more', async () => {
    const { clock, worker, follower } = openFollower();
    follower.begin();

    follower.stop();
    await pass(clock, 10_000);

    expect(worker.asked).toEqual([]);
  });

  test('an announced end is waited for while the server stays away', async () => {
    const { clock, worker, follower } = openFollower();
    follower.begin();
    worker.isAway = true;
    follower.onMessage({ type: 'execution_success', data: { prompt_id: ID } });
    await pass(clock, 60_000);
    expect(follower.phase).toBe('ending');

    worker.isAway = false;
    worker.history = SUCCESS;
    await pass(clock, 1000);
    expect(await follower.ended).toMatchObject({ end: { kind: 'succeeded' } });
  });

  test('an announced end whose history cannot be read, though the queue can, is unreadable after 20 s', async () => {
    const { clock, worker, follower } = openFollower();
    follower.begin();
    worker.queue = 'absent';
    worker.isHistoryBroken = true;
    follower.onMessage({ type: 'execution_success', data: { prompt_id: ID } });
    await pass(clock, 19_000);
    expect(follower.phase).toBe('ending');

    await pass(clock, 3000);
    expect(await follower.ended).toMatchObject({ end: { kind: 'unreadable' } });
  });

  test('CD26 what it asks, what failed and what ended it are reported', async () => {
    const { clock, worker, follower, reports } = openFollower();
    follower.begin();
    worker.isAway = true;
    await pass(clock, 1000);
    worker.isAway = false;
    worker.history = SUCCESS;
    await pass(clock, 1000);

    expect(reports).toMatchObject([
      { kind: 'asking', ask: 'history', phase: 'queued' },
      { kind: 'ask_failed', ask: 'history', cause: { code: 'CONNECTION_REFUSED' } },
      { kind: 'asking', ask: 'history', phase: 'queued' },
      { kind: 'ended', wasAnnounced: false },
    ]);
  });
});

describe('following a prompt that may not have been accepted', () => {
  test('it is unclear as long as the server stays away, and ends like any other once it is back', async () => {
    const { clock, worker, follower } = openFollower();
    worker.isAway = true;
    follower.begin('unclear');
    await pass(clock, 60_000);
    expect(follower.phase).toBe('unclear');

    worker.isAway = false;
    await pass(clock, 2000);
    expect(follower.phase).toBe('running');
    worker.history = SUCCESS;
    await pass(clock, 1000);
    expect(await follower.ended).toMatchObject({ end: { kind: 'succeeded' } });
  });

  test('it is lost only when the server, back again, twice does not have it', async () => {
    const { clock, worker, follower } = openFollower();
    worker.isAway = true;
    worker.queue = 'absent';
    follower.begin('unclear');
    await pass(clock, 60_000);

    worker.isAway = false;
    await pass(clock, 1500);
    expect(follower.phase).toBe('unclear');
    await pass(clock, 5000);
    expect(await follower.ended).toMatchObject({ end: { kind: 'lost' } });
  });
});
