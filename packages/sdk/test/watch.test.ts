import type { StreamFrame, Task, TaskEvent } from '@comfleet/contract';
import { Comfleet, type ComfleetOptions, TaskEndedError } from '@comfleet/sdk';
import { afterEach, describe, expect, it } from 'vitest';
import { type Handler, json, message, openDouble, stream } from './double-server.ts';
import { createFakeClock, createFakeRandom, makeTask, refusal, SUBMITTED } from './fakes.ts';

const EVENTS = 'GET /api/v2/tasks/task-1/events';
const LOAD = 'GET /api/v2/tasks/task-1';

const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

async function start(routes: Record<string, Handler[]>, options: Partial<ComfleetOptions> = {}) {
  const double = await openDouble(routes);
  open.push(double.close);
  const { clock, slept, fireTimers } = createFakeClock();
  const comfleet = new Comfleet({
    url: double.url,
    token: 't',
    clock,
    random: createFakeRandom(),
    retry: { retries: 0 },
    ...options,
  });
  return { comfleet, requests: double.requests, slept, fireTimers };
}

const EVENT: TaskEvent = {
  task_id: 'task-1',
  number: 1,
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
};

function event(number: number, over: Partial<TaskEvent> = {}): StreamFrame {
  return { kind: 'event', event: { ...EVENT, number, ...over }, task: null };
}

const STARTED = event(2, { type: 'attempt.started', status: 'running' });
const SUCCEEDED = event(3, { type: 'task.succeeded', status: 'succeeded' });

function detail(over: Partial<Task> = {}) {
  return { ...makeTask(over), attempts: [] };
}

/** A frame in one word. */
function brief(frame: StreamFrame): string {
  if (frame.kind === 'event') return `${frame.event.number} ${frame.event.type}`;
  return frame.kind === 'snapshot' ? `snapshot ${frame.task.status}` : frame.kind;
}

async function collect(frames: AsyncIterable<StreamFrame>): Promise<string[]> {
  const seen: string[] = [];
  for await (const frame of frames) seen.push(brief(frame));
  return seen;
}

describe('watching a task', () => {
  it('PR5 ends at the terminal event, though the stream stays open', async () => {
    const text = message(event(1), 1) + message(STARTED, 2) + message(SUCCEEDED, 3);
    const { comfleet } = await start({ [EVENTS]: [stream(text, 'stay')] });

    expect(await collect(comfleet.tasks.watch('task-1'))).toEqual([
      '1 task.queued',
      '2 attempt.started',
      '3 task.succeeded',
    ]);
  });

  it('resumes after the last number it saw and shows nothing twice', async () => {
    const { comfleet, requests } = await start({
      [EVENTS]: [
        stream(message(event(1), 1) + message(STARTED, 2), 'break'),
        stream(message(STARTED, 2) + message(SUCCEEDED, 3), 'close'),
      ],
    });

    expect(await collect(comfleet.tasks.watch('task-1'))).toEqual([
      '1 task.queued',
      '2 attempt.started',
      '3 task.succeeded',
    ]);
    expect(requests.map((a) => a.headers['last-event-id'])).toEqual([undefined, '2']);
  });

  it('PR5 ends at once if the task has already ended', async () => {
    const late = message({ kind: 'snapshot', task: makeTask({ status: 'failed' }) }, 9);
    const { comfleet } = await start({ [EVENTS]: [stream(late, 'stay')] });

    expect(await collect(comfleet.tasks.watch('task-1'))).toEqual(['snapshot failed']);
  });

  it('PR10 polls where streams fail, and shows each state once', async () => {
    const { comfleet, slept } = await start({
      [EVENTS]: [json({ detail: 'no streams here' })],
      [LOAD]: [json(detail()), json(detail()), json(detail({ status: 'succeeded' }))],
    });

    await expect(collect(comfleet.tasks.watch('task-1'))).resolves.toEqual([
      'snapshot queued',
      'snapshot succeeded',
    ]);
    expect(slept).toEqual([188, 375, 1000, 1000]);
  });

  it('polls at once when too many streams are open', async () => {
    const tooMany = (await refusal('TOO_MANY_STREAMS', 429).json()) as unknown;
    const { comfleet, requests } = await start({
      [EVENTS]: [json(tooMany, 429)],
      [LOAD]: [json(detail({ status: 'canceled' }))],
    });

    expect(await collect(comfleet.tasks.watch('task-1'))).toEqual(['snapshot canceled']);
    expect(requests.map((a) => a.route)).toEqual([EVENTS, LOAD]);
  });

  it('ignores frames of unknown kinds', async () => {
    const text = `event: fanfare\nid: 2\ndata: {"a":1}\n\nevent: event\ndata: broken\n\n: comment\n\n`;
    const { comfleet } = await start({ [EVENTS]: [stream(text + message(SUCCEEDED, 3), 'stay')] });

    expect(await collect(comfleet.tasks.watch('task-1'))).toEqual(['3 task.succeeded']);
  });

  it('throws a refusal instead of retrying forever', async () => {
    const unknown = (await refusal('TASK_NOT_FOUND', 404).json()) as unknown;
    const { comfleet } = await start({ [EVENTS]: [json(unknown, 404)] });

    await expect(collect(comfleet.tasks.watch('task-1'))).rejects.toMatchObject({ code: 'TASK_NOT_FOUND' });
  });

  it('gives up after its time limit when nothing responds', async () => {
    const dead: Handler = (_request, response) => response.destroy();
    const { comfleet } = await start({ [EVENTS]: [dead], [LOAD]: [dead] });

    const watch = collect(comfleet.tasks.watch('task-1', { giveUpAfterMs: 5000 }));

    await expect(watch).rejects.toMatchObject({ code: 'UNREACHABLE' });
  });

  it('opens a new stream when the old one falls silent', async () => {
    const { comfleet, fireTimers } = await start({
      [EVENTS]: [stream(message(event(1), 1), 'stay'), stream(message(SUCCEEDED, 3), 'stay')],
    });
    const watch = comfleet.tasks.watch('task-1');

    await watch.next();
    const next = watch.next();
    await new Promise((resolve) => setImmediate(resolve));
    fireTimers();

    expect((await next).value).toMatchObject({ event: { number: 3 } });
  });

  it('ends at once when the caller aborts', async () => {
    const { comfleet } = await start({ [EVENTS]: [stream(message(event(1), 1), 'stay')] });
    const abort = new AbortController();
    const watch = comfleet.tasks.watch('task-1', { signal: abort.signal });

    await watch.next();
    const next = watch.next();
    abort.abort(new Error('enough'));

    await expect(next).rejects.toThrow('enough');
  });
});

describe('run', () => {
  const SUBMIT = 'POST /api/v2/tasks';
  const CANCEL = 'POST /api/v2/tasks/task-1/cancel';

  it('submits, follows and returns the finished task', async () => {
    const { comfleet } = await start({
      [SUBMIT]: [json(SUBMITTED, 201)],
      [EVENTS]: [stream(message(SUCCEEDED, 3), 'close')],
      [LOAD]: [json(detail({ status: 'succeeded', seed: '18446744073709551615' }))],
    });
    const seen: string[] = [];

    const task = await comfleet.tasks.run({}, { onFrame: (frame) => seen.push(brief(frame)) });

    expect(task.seed).toBe('18446744073709551615');
    expect(seen).toEqual(['3 task.succeeded']);
  });

  it('throws what the task failed with', async () => {
    const error = { code: 'NODE_EXECUTION_ERROR', message: 'Node 3 failed.', details: { node_id: '3' } };
    const { comfleet } = await start({
      [SUBMIT]: [json(SUBMITTED, 201)],
      [EVENTS]: [stream(message(event(3, { type: 'task.failed', status: 'failed' }), 3), 'close')],
      [LOAD]: [json(detail({ status: 'failed', error }))],
    });

    const failure = await comfleet.tasks.run({}).catch((cause: unknown) => cause);

    expect(failure).toBeInstanceOf(TaskEndedError);
    expect(failure).toMatchObject({ code: 'NODE_EXECUTION_ERROR', details: { node_id: '3' } });
  });

  it('cancels the task on abort when asked to', async () => {
    const { comfleet, requests } = await start({
      [SUBMIT]: [json(SUBMITTED, 201)],
      [EVENTS]: [stream(message(event(1), 1), 'stay')],
      [CANCEL]: [json(makeTask({ status: 'canceled' }))],
    });
    const abort = new AbortController();

    const run = comfleet.tasks.run(
      {},
      { signal: abort.signal, cancelOnAbort: true, onFrame: () => abort.abort(new Error('stop')) },
    );

    await expect(run).rejects.toThrow('stop');
    expect(requests.map((a) => a.route)).toEqual([SUBMIT, EVENTS, CANCEL]);
  });
});

describe('watching a batch', () => {
  const BATCH = {
    batch_id: 'batch-1',
    name: null,
    status: 'running',
    message: '',
    priority: 5,
    counts: { total: 2, waiting: 2, running: 0, succeeded: 0, failed: 0, canceled: 0, expired: 0 },
    progress: 0,
    created_at: '2026-01-01T00:00:00.000Z',
    completed_at: null,
    duration_seconds: null,
    task_ids: ['task-1', 'task-2'],
    tasks: [],
  };

  it('ends with the last task, however the others ended', async () => {
    const text =
      message({ kind: 'snapshot', task: makeTask({ status: 'failed' }) }) +
      message(event(1, { task_id: 'task-2' })) +
      message(event(3, { task_id: 'task-2', type: 'task.succeeded', status: 'succeeded' }));
    const { comfleet } = await start({
      'GET /api/v2/batches/batch-1': [json(BATCH)],
      'GET /api/v2/batches/batch-1/events': [stream(text, 'stay')],
    });

    expect(await collect(comfleet.batches.watch('batch-1'))).toEqual([
      'snapshot failed',
      '1 task.queued',
      '3 task.succeeded',
    ]);
  });
});
