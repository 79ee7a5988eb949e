import type { TaskId } from '@comfleet/contract';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compareQueued, type QueuedTask, type TaskQueue } from './task-queue.ts';

/** What every engine of the queue must do; an engine's test calls this with a maker of empty queues. */
export function describeTaskQueue(name: string, openQueue: () => Promise<TaskQueue>): void {
  describe(`${name} as a task queue`, () => {
    describeOrder(openQueue);
    describeContents(openQueue);
    describeUnderRandomUse(openQueue);
  });
}

function createTask(number: number, changes: Partial<QueuedTask> = {}): QueuedTask {
  const id = `01890000-0000-7000-8000-${String(number).padStart(12, '0')}`;
  return { taskId: id as TaskId, lane: 'a', priority: 5, acceptedSeq: number, ownerId: 'owner', ...changes };
}

async function takeAll(queue: TaskQueue, lane: string): Promise<QueuedTask[]> {
  const taken: QueuedTask[] = [];
  for (let task = await queue.take(lane); task; task = await queue.take(lane)) taken.push(task);
  return taken;
}

function describeOrder(openQueue: () => Promise<TaskQueue>): void {
  test('takes the highest priority first, then the task that was accepted first', async () => {
    const queue = await openQueue();
    const late = createTask(4, { priority: 10 });
    const tasks = [createTask(3), createTask(1), late, createTask(2, { priority: 1 })];
    for (const task of tasks) await queue.put(task);

    const taken = await takeAll(queue, 'a');

    expect(taken.map((task) => task.acceptedSeq)).toEqual([4, 1, 3, 2]);
  });

  test('a task put back stands where it stood', async () => {
    const queue = await openQueue();
    for (const task of [createTask(1), createTask(2), createTask(3)]) await queue.put(task);
    const first = await queue.take('a');

    if (first) await queue.put(first);

    expect((await takeAll(queue, 'a')).map((task) => task.acceptedSeq)).toEqual([1, 2, 3]);
  });

  test('a second put of a task replaces the first', async () => {
    const queue = await openQueue();
    await queue.put(createTask(1));
    await queue.put(createTask(2));
    await queue.put(createTask(2, { priority: 9 }));

    expect((await takeAll(queue, 'a')).map((task) => task.acceptedSeq)).toEqual([2, 1]);
    expect(queue.size()).toBe(0);
  });

  test('position counts the tasks of all lanes that come before', async () => {
    const queue = await openQueue();
    const [first, second, urgent] = [
      createTask(1, { lane: 'a' }),
      createTask(2, { lane: 'b' }),
      createTask(3, { lane: 'c', priority: 6 }),
    ];
    for (const task of [first, second, urgent]) await queue.put(task);

    expect([urgent, first, second].map((task) => queue.position(task.taskId))).toEqual([0, 1, 2]);
    expect(queue.position(createTask(4).taskId)).toBeNull();
  });
}

function describeContents(openQueue: () => Promise<TaskQueue>): void {
  test('heads answers the first task of each lane asked for that has one, and leaves it there', async () => {
    const queue = await openQueue();
    for (const task of [
      createTask(1, { lane: 'a' }),
      createTask(2, { lane: 'a' }),
      createTask(3, { lane: 'b' }),
    ])
      await queue.put(task);

    const heads = await queue.heads(['a', 'b', 'nobody']);

    expect(heads.map((task) => task.acceptedSeq)).toEqual([1, 3]);
    expect(queue.size()).toBe(3);
  });

  test('a lane exists as long as a task waits in it', async () => {
    const queue = await openQueue();
    await queue.put(createTask(1, { lane: 'a' }));
    await queue.put(createTask(2, { lane: 'b' }));
    await queue.take('a');

    expect(await queue.lanes()).toEqual(['b']);
    expect(await queue.take('a')).toBeNull();
  });

  test('a task that moves to another lane leaves its old one', async () => {
    const queue = await openQueue();
    await queue.put(createTask(1, { lane: 'a' }));
    await queue.put(createTask(1, { lane: 'b' }));

    expect(await queue.lanes()).toEqual(['b']);
    expect(queue.size()).toBe(1);
  });

  test('drop removes a task wherever it stands, and nothing when it is not there', async () => {
    const queue = await openQueue();
    for (const task of [createTask(1), createTask(2), createTask(3)]) await queue.put(task);

    await queue.drop(createTask(2).taskId);
    await queue.drop(createTask(9).taskId);

    expect((await takeAll(queue, 'a')).map((task) => task.acceptedSeq)).toEqual([1, 3]);
  });

  test('rebuild forgets what was there', async () => {
    const queue = await openQueue();
    await queue.put(createTask(1));

    await queue.rebuild([createTask(2, { lane: 'b' })]);

    expect(await queue.lanes()).toEqual(['b']);
    expect(queue.position(createTask(1).taskId)).toBeNull();
  });

  test('listeners hear of a put until they leave', async () => {
    const queue = await openQueue();
    const heard: string[] = [];
    const leave = queue.onReady(() => heard.push('ready'));
    await queue.put(createTask(1));

    leave();
    await queue.put(createTask(2));

    expect(heard).toEqual(['ready']);
  });
}

const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('put' as const),
      priority: fc.integer({ min: 1, max: 10 }),
      lane: fc.constantFrom('a', 'b', 'c'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('take' as const), lane: fc.constantFrom('a', 'b', 'c') }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('drop' as const), number: fc.nat({ max: 30 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('rebuild' as const) }) },
);

function describeUnderRandomUse(openQueue: () => Promise<TaskQueue>): void {
  test('loses no task, invents none, and keeps the order under any sequence of calls', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const queue = await openQueue();
        const waiting = new Map<TaskId, QueuedTask>();
        for (const [number, call] of steps.entries()) await follow(queue, { waiting, number, call });

        await expectSame(queue, [...waiting.values()]);
      }),
    );
  });
}

type Call =
  | { kind: 'put'; priority: number; lane: string }
  | { kind: 'take'; lane: string }
  | { kind: 'drop'; number: number }
  | { kind: 'rebuild' };

/** Makes one call on the queue and the same on a plain map. */
async function follow(
  queue: TaskQueue,
  { waiting, number, call }: { waiting: Map<TaskId, QueuedTask>; number: number; call: Call },
): Promise<void> {
  switch (call.kind) {
    case 'put': {
      const task = createTask(number, { priority: call.priority, lane: call.lane });
      waiting.set(task.taskId, task);
      return queue.put(task);
    }
    case 'take': {
      const expected = [...waiting.values()].filter((task) => task.lane === call.lane).sort(compareQueued)[0];
      expect(await queue.take(call.lane)).toEqual(expected ?? null);
      if (expected) waiting.delete(expected.taskId);
      return;
    }
    case 'drop': {
      const { taskId } = createTask(call.number);
      waiting.delete(taskId);
      return queue.drop(taskId);
    }
    case 'rebuild':
      return queue.rebuild([...waiting.values()].reverse());
    default: {
      const unknownCall: never = call;
      return unknownCall;
    }
  }
}

async function expectSame(queue: TaskQueue, waiting: QueuedTask[]): Promise<void> {
  const ordered = waiting.sort(compareQueued);
  expect(queue.size()).toBe(ordered.length);
  expect(ordered.map((task) => queue.position(task.taskId))).toEqual(ordered.map((_task, index) => index));
  for (const lane of ['a', 'b', 'c'])
    expect(await takeAll(queue, lane)).toEqual(ordered.filter((task) => task.lane === lane));
}
