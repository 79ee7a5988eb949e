import type { PrincipalId } from '@comfleet/contract';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { named } from '../../../test/kit/named.ts';
import {
  compareWaiting,
  type MayStart,
  type QueuedTask,
  type TaskQueue,
  type WaitingTask,
} from './task-queue.ts';

/** Opens an empty queue with a clock that the test advances; clients are raised after `AGING_MS`. */
export type OpenQueue = (clock: { nowMs: number }) => Promise<TaskQueue>;

export const AGING_MS = 600_000;

/** What every queue backend must do; a backend's test calls this with a function that opens empty queues. */
export function describeTaskQueue(name: string, open: OpenQueue): void {
  const openQueue = () => open({ nowMs: 0 });
  describe(`${name} as a task queue`, () => {
    describeOrder(openQueue);
    describeFairness(open);
    describeContents(openQueue);
    describeUnderRandomUse(openQueue);
  });
}

function createTask(number: number, changes: Partial<QueuedTask> = {}): QueuedTask {
  const id = `01890000-0000-7000-8000-${String(number).padStart(12, '0')}`;
  return {
    taskId: named(id),
    lane: 'a',
    priority: 5,
    acceptedSeq: number,
    ownerId: named('owner'),
    projectId: null,
    workflowKey: 'workflow',
    ...changes,
  };
}

async function takeAll(queue: TaskQueue, lane: string): Promise<WaitingTask[]> {
  const taken: WaitingTask[] = [];
  for (let task = await queue.take(lane); task; task = await queue.take(lane)) taken.push(task);
  return taken;
}

const numbers = (tasks: readonly QueuedTask[]) => tasks.map((task) => task.acceptedSeq);

function describeOrder(openQueue: () => Promise<TaskQueue>): void {
  test('TQ4 takes the highest priority first, then the task that was accepted first', async () => {
    const queue = await openQueue();
    const late = createTask(4, { priority: 10 });
    const tasks = [createTask(1), createTask(2, { priority: 1 }), createTask(3), late];
    for (const task of tasks) await queue.put(task);

    expect(numbers(await takeAll(queue, 'a'))).toEqual([4, 1, 3, 2]);
  });

  test('ST6 tasks that come back unsent, in any order, stand before what their client sent after them', async () => {
    const queue = await openQueue();
    const other = createTask(4, { ownerId: named('other') });
    for (const task of [createTask(5), createTask(3), other, createTask(6)]) await queue.put(task);
    for (const number of [1, 2]) await queue.put(createTask(number, { keepsPlace: true }));

    const order = numbers(await takeAll(queue, 'a')).filter((number) => number !== 4);
    expect(order.indexOf(1)).toBeLessThan(order.indexOf(2));
    expect(order.indexOf(2)).toBeLessThan(order.indexOf(5));
    expect(order.at(-1)).toBe(6);
  });

  test('a task put back stands where it stood', async () => {
    const queue = await openQueue();
    for (const task of [createTask(1), createTask(2), createTask(3)]) await queue.put(task);
    const first = await queue.take('a');

    if (first) await queue.put(first);

    expect(numbers(await takeAll(queue, 'a'))).toEqual([1, 2, 3]);
  });

  test('a second put of a task replaces the first', async () => {
    const queue = await openQueue();
    await queue.put(createTask(1));
    await queue.put(createTask(2));
    await queue.put(createTask(2, { priority: 9 }));

    expect(numbers(await takeAll(queue, 'a'))).toEqual([2, 1]);
    expect(queue.size()).toBe(0);
  });

  test('AU10 a client or project that may not start keeps nobody else from the lane', async () => {
    const queue = await openQueue();
    const [film, game] = [named<'project'>('film'), named<'project'>('game')];
    const [ada, bob] = [named<'principal'>('ada'), named<'principal'>('bob')];
    const owned = [
      { ownerId: ada, projectId: film },
      { ownerId: ada, projectId: film },
      { ownerId: ada, projectId: game },
      { ownerId: bob, projectId: null },
      { ownerId: bob, projectId: game },
    ];
    for (const [place, owner] of owned.entries()) await queue.put(createTask(place + 1, owner));
    const withoutFilm: MayStart = ({ projectId }) => projectId !== film;
    const withoutAda: MayStart = ({ ownerId }) => ownerId !== ada;
    const takeNumber = async (mayStart?: MayStart) => (await queue.take('a', mayStart))?.acceptedSeq ?? null;

    expect(numbers(await queue.heads(['a'], withoutAda))).toEqual([4]);
    expect(await takeNumber(withoutAda)).toBe(4);
    expect(numbers(await queue.heads(['a'], withoutFilm))).toEqual([5]);
    expect(await takeNumber(withoutFilm)).toBe(5);
    expect([await takeNumber(() => false), await takeNumber(withoutFilm)]).toEqual([null, 3]);
    expect([await takeNumber(), await takeNumber(), queue.size()]).toEqual([1, 2, 0]);
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

function describeFairness(open: OpenQueue): void {
  test('a task that is moved stands in the other lane behind those of its client there, with its rank', async () => {
    const clock = { nowMs: 0 };
    const queue = await open(clock);
    const raised = createTask(1);
    for (const task of [raised, createTask(2, { lane: 'b' }), createTask(3, { lane: 'b' })])
      await queue.put(task);
    clock.nowMs = AGING_MS;
    await queue.take('b');
    await queue.age();
    await queue.move(raised.taskId, 'b');

    expect(queue.laneOf(raised.taskId)).toBe('b');
    expect((await queue.heads(['a', 'b'])).map(({ acceptedSeq, rank }) => [acceptedSeq, rank])).toEqual([
      [1, 6],
    ]);
    expect(numbers(await takeAll(queue, 'b'))).toEqual([1, 3]);
    await queue.move(raised.taskId, 'a');
    expect([queue.laneOf(raised.taskId), queue.size()]).toEqual([null, 0]);
  });

  test('TQ19 a single task of one client goes before the next one of another client with many', async () => {
    const queue = await open({ nowMs: 0 });
    for (let number = 1; number <= 5; number += 1)
      await queue.put(createTask(number, { ownerId: named('batch') }));
    await queue.take('a');
    await queue.put(createTask(6, { ownerId: named('single') }));

    expect(numbers(await takeAll(queue, 'a'))).toEqual([6, 2, 3, 4, 5]);
  });

  test('TQ19 two clients with many tasks alternate', async () => {
    const queue = await open({ nowMs: 0 });
    for (let number = 1; number <= 3; number += 1)
      await queue.put(createTask(number, { ownerId: named('one') }));
    for (let number = 4; number <= 6; number += 1)
      await queue.put(createTask(number, { ownerId: named('two') }));

    expect(numbers(await takeAll(queue, 'a'))).toEqual([1, 4, 2, 5, 3, 6]);
  });

  test('TQ3 priority comes before fairness', async () => {
    const queue = await open({ nowMs: 0 });
    for (const number of [1, 2]) await queue.put(createTask(number, { ownerId: named('one'), priority: 6 }));
    await queue.put(createTask(3, { ownerId: named('two') }));

    expect(numbers(await takeAll(queue, 'a'))).toEqual([1, 2, 3]);
  });

  test('P12 a client without a start in its lane for ten minutes is raised a step, and again after ten more', async () => {
    const clock = { nowMs: 0 };
    const queue = await open(clock);
    const [low] = [createTask(1, { ownerId: named('low'), priority: 4 })];
    await queue.put(low);
    for (const number of [2, 3]) await queue.put(createTask(number, { ownerId: named('high'), priority: 6 }));

    clock.nowMs = AGING_MS - 1;
    expect(await queue.age()).toBe(false);
    clock.nowMs = AGING_MS;
    await queue.take('a');
    expect(await queue.age()).toBe(true);
    clock.nowMs = 2 * AGING_MS;
    await queue.put(createTask(4, { ownerId: named('high'), priority: 6 }));
    await queue.take('a');
    await queue.age();

    expect((await queue.heads(['a'])).map((task) => [task.acceptedSeq, task.rank])).toEqual([[1, 6]]);
    expect(queue.position(low.taskId)).toBe(0);
  });
}

function describeContents(openQueue: () => Promise<TaskQueue>): void {
  test('heads answers the first task of each lane asked for that has one, and leaves it there', async () => {
    const queue = await openQueue();
    for (const [number, lane] of [
      [1, 'a'],
      [2, 'a'],
      [3, 'b'],
    ] as const)
      await queue.put(createTask(number, { lane }));

    const heads = await queue.heads(['a', 'b', 'nobody']);

    expect(numbers(heads)).toEqual([1, 3]);
    expect([queue.size(), queue.count('a'), queue.count('nobody')]).toEqual([3, 2, 0]);
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

    expect(numbers(await takeAll(queue, 'a'))).toEqual([1, 3]);
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
    const received: string[] = [];
    const leave = queue.onReady(() => received.push('ready'));
    await queue.put(createTask(1));

    leave();
    await queue.put(createTask(2));

    expect(received).toEqual(['ready']);
  });
}

const LANES = ['a', 'b', 'c'] as const;

const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('put' as const),
      priority: fc.integer({ min: 1, max: 10 }),
      lane: fc.constantFrom(...LANES),
      ownerId: fc.constantFrom(...['one', 'two', 'three'].map((owner) => named<'principal'>(owner))),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('take' as const), lane: fc.constantFrom(...LANES) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('putBack' as const), lane: fc.constantFrom(...LANES) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('drop' as const), number: fc.nat({ max: 30 }) }) },
);

type Call =
  | { kind: 'put'; priority: number; lane: string; ownerId: PrincipalId }
  | { kind: 'take' | 'putBack'; lane: string }
  | { kind: 'drop'; number: number };

function describeUnderRandomUse(openQueue: () => Promise<TaskQueue>): void {
  test('loses no task, invents none, and keeps the order under any sequence of calls', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 80 }), async (steps) => {
        const queue = await openQueue();
        const model = new PlainQueue();
        for (const [number, call] of steps.entries()) await follow(queue, model, { number, call });

        expect(queue.size()).toBe(model.waiting.length);
        for (const lane of LANES) {
          const expected = model.inOrder(lane);
          expect(queue.count(lane)).toBe(expected.length);
          expect(await takeAll(queue, lane)).toEqual(expected);
        }
      }),
      { numRuns: 300 },
    );
  });
}

/** Makes the same call on the queue and on the model. */
async function follow(
  queue: TaskQueue,
  model: PlainQueue,
  { number, call }: { number: number; call: Call },
): Promise<void> {
  switch (call.kind) {
    case 'put': {
      const { kind: _kind, ...changes } = call;
      const task = createTask(number, changes);
      model.put(task);
      return queue.put(task);
    }
    case 'take':
      expect(await queue.take(call.lane)).toEqual(model.take(call.lane));
      return;
    case 'putBack': {
      const task = await queue.take(call.lane);
      if (!task) return;
      model.take(call.lane);
      model.putBack(task);
      return queue.put(task);
    }
    case 'drop': {
      const { taskId } = createTask(call.number);
      model.waiting = model.waiting.filter((task) => task.taskId !== taskId);
      return queue.drop(taskId);
    }
    default: {
      const unknownCall: never = call;
      return unknownCall;
    }
  }
}

/** The simplest model of the order: a list, and the last tags of each lane and of each client in it. */
class PlainQueue {
  waiting: WaitingTask[] = [];
  readonly #started = new Map<string, number>();
  readonly #last = new Map<string, number>();

  inOrder(lane: string): WaitingTask[] {
    return this.waiting.filter((task) => task.lane === lane).sort(compareWaiting);
  }

  put(task: QueuedTask): void {
    const client = `${task.lane}/${task.ownerId}`;
    const inLane = this.waiting.filter((other) => other.lane === task.lane);
    if (inLane.length === 0) this.#started.delete(task.lane);
    const hasElders = inLane.some((other) => other.ownerId === task.ownerId);
    if (!hasElders) this.#last.delete(client);
    const tag = Math.max(this.#started.get(task.lane) ?? 0, this.#last.get(client) ?? 0) + 1;
    this.#last.set(client, tag);
    this.waiting.push({ ...task, rank: task.priority, tag, hasElders });
  }

  putBack(task: WaitingTask): void {
    const client = `${task.lane}/${task.ownerId}`;
    const isAlone = !this.waiting.some((other) => other.lane === task.lane && other.ownerId === task.ownerId);
    this.#last.set(client, Math.max(isAlone ? 0 : (this.#last.get(client) ?? 0), task.tag));
    if (!this.waiting.some((other) => other.lane === task.lane)) this.#started.delete(task.lane);
    this.waiting.push(task);
  }

  take(lane: string): WaitingTask | null {
    const first = this.inOrder(lane)[0] ?? null;
    if (!first) return null;
    this.waiting = this.waiting.filter((task) => task !== first);
    this.#started.set(lane, Math.max(this.#started.get(lane) ?? 0, first.tag));
    return first;
  }
}
