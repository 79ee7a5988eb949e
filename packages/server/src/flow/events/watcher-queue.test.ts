import { describe, expect, test } from 'vitest';
import { named } from '../../../test/kit/named.ts';
import type { TaskEventRow } from '../tasks/task-tables.ts';
import type { LiveUpdate } from './live-updates.ts';
import { WatcherQueue } from './watcher-queue.ts';

const ids = (task: string) => ({
  taskId: named<'task'>(task),
  ownerId: named<'principal'>('owner'),
  projectId: null,
  batchId: null,
  isTrial: false,
});

function createEvent(number: number, task = 't1'): LiveUpdate {
  return { kind: 'event', ...ids(task), event: { number } as TaskEventRow };
}

function createProgress(value: number, task = 't1'): LiveUpdate {
  return {
    kind: 'progress',
    ...ids(task),
    progress: { value } as Extract<LiveUpdate, { kind: 'progress' }>['progress'],
  };
}

function show(update: LiveUpdate | null): string {
  if (update === null) return 'closed';
  if (update.kind === 'event') return `${update.taskId} event ${update.event.number}`;
  return update.kind === 'progress' ? `${update.taskId} progress ${update.progress.value}` : 'preview';
}

async function readAll(queue: WatcherQueue, count: number): Promise<string[]> {
  const read: string[] = [];
  for (let index = 0; index < count; index += 1) read.push(show(await queue.next()));
  return read;
}

describe('what waits for one reader', () => {
  test('events come in the order in which they happened', async () => {
    const queue = new WatcherQueue();
    for (const number of [1, 2, 3]) queue.push(createEvent(number));

    expect(await readAll(queue, 3)).toEqual(['t1 event 1', 't1 event 2', 't1 event 3']);
  });

  test('of progress only the newest of each task waits, behind the events before it', async () => {
    const queue = new WatcherQueue();
    queue.push(createProgress(0.1));
    queue.push(createProgress(0.5, 't2'));
    queue.push(createEvent(4));
    queue.push(createProgress(0.2));

    expect(await readAll(queue, 3)).toEqual(['t2 progress 0.5', 't1 event 4', 't1 progress 0.2']);
  });

  test('a reader that waits is woken', async () => {
    const queue = new WatcherQueue();
    const next = queue.next();

    queue.push(createEvent(1));

    expect(show(await next)).toBe('t1 event 1');
  });

  test('B12 a reader that falls behind the limit is dropped, never waited for', async () => {
    const queue = new WatcherQueue(3);
    for (const number of [1, 2, 3, 4, 5]) queue.push(createEvent(number));

    expect(show(await queue.next())).toBe('closed');
  });

  test('any amount of progress of one task drops nobody', async () => {
    const queue = new WatcherQueue(3);
    for (let step = 1; step <= 1000; step += 1) queue.push(createProgress(step));

    expect(show(await queue.next())).toBe('t1 progress 1000');
  });

  test('closing ends a reader that waits, and a closed queue takes nothing', async () => {
    const queue = new WatcherQueue();
    const next = queue.next();

    queue.close();
    queue.push(createEvent(1));

    expect([show(await next), show(await queue.next())]).toEqual(['closed', 'closed']);
  });
});
