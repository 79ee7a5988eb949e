import { expect, test } from 'vitest';
import { ComfyError } from '../http/comfy-error.ts';
import { ComfyHttp } from '../http/comfy-http.ts';
import type { HttpRequest, HttpResponse } from '../http/http-transport.ts';
import type { Clock } from '../time/clock.ts';
import { submitOnce } from './submit-once.ts';

const PROMPT_ID = '01a206a6-d098-7b3c-950a-3205faf7381f';
const EMPTY = { queue: { queue_running: [], queue_pending: [] }, history: {} };
const QUEUED = { queue: { queue_running: [], queue_pending: [[1, PROMPT_ID, {}, {}, []]] }, history: {} };

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

interface Server {
  /** The answer to the POST; a code: it breaks so; null: it never comes. */
  post: string | 'RESET' | 'CONNECTION_REFUSED' | null;
  /** What the other routes answer, in turn, the last for good; null: nothing. */
  looks: ({ queue: object; history: object } | null)[];
}

/** Submits to a server that answers as told. */
function submitTo({ post, looks }: Server, signal?: AbortSignal) {
  const { clock, sleptMs } = createInstantClock();
  const posts: string[] = [];
  let look = 0;
  const answerPost = (request: HttpRequest): Promise<string> | string => {
    if (post === 'RESET' || post === 'CONNECTION_REFUSED') throw new ComfyError(post, 'the connection broke');
    if (post !== null) return post;
    return new Promise((_, reject) => {
      request.signal?.addEventListener('abort', () => reject(new ComfyError('ABORTED', 'cut short')));
    });
  };
  const answerLookup = (path: string): string => {
    const now = looks[Math.min(look, looks.length - 1)];
    if (!now || path === 'history') look += 1;
    if (!now) throw new ComfyError('TIMEOUT', 'no answer');
    return JSON.stringify(path === 'queue' ? now.queue : now.history);
  };
  const request = async (sent: HttpRequest): Promise<HttpResponse> => {
    const { pathname } = new URL(sent.url);
    if (sent.method === 'POST') posts.push(pathname);
    const text = await (sent.method === 'POST'
      ? answerPost(sent)
      : answerLookup(pathname.split('/')[1] ?? ''));
    return { status: 200, headers: {}, text: async () => text, body: toStream(text) };
  };
  const reports: string[] = [];
  const submission = submitOnce({
    http: new ComfyHttp({ baseUrl: 'http://127.0.0.1:1', transport: { request } }),
    clock,
    request: { graph: { '1': { class_type: 'EmptyImage', inputs: {} } }, promptId: PROMPT_ID },
    ended: new Promise(() => {}),
    signal,
    report: (report) => reports.push(report.kind),
  });
  return { submission, posts, sleptMs, reports };
}

async function* toStream(text: string) {
  yield Buffer.from(text);
}

test('an unclear POST is looked for at 0, 1, 3 and 5 s, sent once, and absent only when the server says so', async () => {
  const { submission, posts, sleptMs, reports } = submitTo({ post: 'RESET', looks: [EMPTY] });

  expect(await submission).toMatchObject({ kind: 'absent', cause: { code: 'RESET' } });
  expect(posts).toEqual(['/prompt']);
  expect(sleptMs.slice(-4)).toEqual([0, 1000, 2000, 2000]);
  expect(reports).toEqual(['handed_over', 'unclear']);
});

test('an unclear POST to a server that stays silent is unreachable, not absent, and not sent again: it may run there', async () => {
  const { submission, posts, reports } = submitTo({ post: 'RESET', looks: [null] });

  expect(await submission).toMatchObject({ kind: 'unreachable', cause: { code: 'RESET' } });
  expect(posts).toEqual(['/prompt']);
  expect(reports).toContain('lookup_failed');
});

test('an absence that a later look could not confirm is no absence', async () => {
  const { submission } = submitTo({ post: 'RESET', looks: [EMPTY, EMPTY, null] });

  expect(await submission).toMatchObject({ kind: 'unreachable' });
});

test('C-4 an unclear POST whose prompt a later look finds was accepted', async () => {
  const { submission, posts } = submitTo({ post: 'RESET', looks: [null, EMPTY, QUEUED] });

  expect(await submission).toEqual({ kind: 'found' });
  expect(posts).toEqual(['/prompt']);
});

test('a POST that is not answered is looked for meanwhile, and cut short once its prompt is found', async () => {
  const { submission, posts } = submitTo({ post: null, looks: [null, EMPTY, QUEUED] });

  expect(await submission).toEqual({ kind: 'found' });
  expect(posts).toEqual(['/prompt']);
});

test('HR8 a POST that no server took is recognised: nothing was sent, so nothing is looked up', async () => {
  const { submission, reports } = submitTo({ post: 'CONNECTION_REFUSED', looks: [QUEUED] });

  expect(await submission).toMatchObject({ kind: 'not_sent', cause: { code: 'CONNECTION_REFUSED' } });
  expect(reports).toEqual(['handed_over']);
});

test('accepted with node errors is partial: some outputs will not run', async () => {
  const post = JSON.stringify({ prompt_id: PROMPT_ID, number: 1, node_errors: { '4': {} } });

  expect(await submitTo({ post, looks: [EMPTY] }).submission).toEqual({
    kind: 'partial',
    nodeErrors: { '4': {} },
  });
});

test('the signal ends the looking, not the POST', async () => {
  const controller = new AbortController();
  controller.abort(new Error('no longer wanted'));
  const { submission, posts } = submitTo({ post: 'RESET', looks: [EMPTY] }, controller.signal);

  await expect(submission).rejects.toThrow('no longer wanted');
  expect(posts).toEqual(['/prompt']);
});
