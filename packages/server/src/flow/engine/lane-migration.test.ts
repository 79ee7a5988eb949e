import { OfferedChoices } from '@comfleet/comfyui';
import { FakeClock } from '@comfleet/test-kit';
import { expect, test } from 'vitest';
import { createFacts } from '../../../test/kit/board.ts';
import { openMemoryDatabase } from '../../../test/kit/memory-database.ts';
import { named } from '../../../test/kit/named.ts';
import { createTaskRow } from '../../../test/kit/rows.ts';
import type { WorkerKind } from '../../fleet/workers/inventory/worker-kind.ts';
import { silentLogger } from '../../platform/logging/logger.ts';
import { PlacementBoard } from '../placement/placement-board.ts';
import { EmbeddedQueue } from '../queue/embedded-queue.ts';
import { writeNewTask } from '../tasks/task-rows.ts';
import { LaneMigration } from './lane-migration.ts';
import { toQueued } from './queued-task.ts';
import { TaskLanes } from './task-lanes.ts';

const createKind = (id: string, classes: readonly string[]): WorkerKind => ({
  id,
  classTypes: new Set(classes),
  models: new Map(),
  choices: new OfferedChoices({}),
});
const OLD = createKind('old', ['Blur', 'Crop']);
const NEW = createKind('new', ['Blur']);

const toFacts = ({ id, ...able }: WorkerKind) => createFacts(id, able);

const asks = (classType: string) =>
  JSON.stringify({
    ...{ taskType: 'custom', classTypes: [classType], models: [], choices: [] },
    ...{ inputs: [], inputBytes: 0, excludedWorkers: [] },
  });

/** An engine's lanes, with a worker of the old kind and tasks waiting, in order, for these classes. */
async function openStage(classes: readonly string[]) {
  const clock = new FakeClock();
  const database = await openMemoryDatabase(clock);
  const [board, lanes] = [new PlacementBoard(), new TaskLanes()];
  const queue = new EmbeddedQueue({ now: () => 0, agingMs: () => 600_000 });
  lanes.record(named('old'), OLD);
  board.setWorker(toFacts(OLD));
  for (const [index, classType] of classes.entries()) {
    const id = named<'task'>(`01890000-0000-7000-8000-00000000000${index}`);
    const task = createTaskRow({ id, requirements: asks(classType), accepted_seq: index });
    await database.commit(writeNewTask(database.k, task, []));
    const { key, needs } = lanes.find(task.requirements);
    board.openLane(key, () => needs);
    await queue.put(toQueued(task, key));
  }
  const signal = new AbortController().signal;
  const migration = (onSettled: () => void) =>
    new LaneMigration({ database, board, queue, lanes, clock, logger: silentLogger, signal, onSettled });
  return { board, queue, lanes, migration };
}

test('tasks of one lane are split when a new kind can run some of them, and it serves those at once', async () => {
  const { board, queue, lanes, migration } = await openStage(['Crop', 'Blur', 'Crop']);
  expect(queue.laneSizes()).toHaveLength(1);
  lanes.record(named('new'), NEW);
  let mayServe = true;
  await new Promise<void>((resolve) => {
    const running = migration(resolve);
    running.start();
    mayServe = running.mayServe(NEW);
  });
  board.setWorker(toFacts(NEW));

  expect(mayServe).toBe(false);
  const served = ['Crop', 'Blur'].map((classType) => {
    const lane = board.findLane(lanes.find(asks(classType)).key);
    return [...(lane?.serving ?? [])].map(({ facts }) => facts.name);
  });
  expect(served).toEqual([['old'], ['old', 'new']]);
  expect(queue.laneSizes().map(({ waiting }) => waiting)).toEqual([2, 1]);
});

test('a lane is known by a task that waits, not by the one that opened it', async () => {
  const { board, queue, lanes, migration } = await openStage(['Blur', 'Crop']);
  const { key } = lanes.find(asks('Crop'));
  await queue.take(key);
  lanes.record(named('new'), NEW);
  await new Promise<void>((resolve) => migration(resolve).start());
  board.setWorker(toFacts(NEW));

  expect([...(board.findLane(key)?.serving ?? [])].map(({ facts }) => facts.name)).toEqual(['old']);
});

test('a worker that comes and goes while tasks are moved does not keep other kinds from them', async () => {
  const { board, lanes, migration } = await openStage(['Crop', 'Blur']);
  const flapping = createKind('flapping', ['Blur']);
  lanes.record(named('new'), NEW);
  const served: boolean[][] = [];
  await new Promise<void>((resolve) => {
    const running = migration(() => {
      served.push([NEW, flapping].map((kind) => running.mayServe(kind)));
      if (!running.isBusy) resolve();
    });
    running.start();
    for (const kind of [flapping, null, flapping]) {
      lanes.record(named('flapping'), kind);
      running.start();
    }
  });
  board.setWorker(toFacts(NEW));

  expect(served).toEqual([
    [true, false],
    [true, true],
  ]);
  expect([...(board.findLane(lanes.find(asks('Blur')).key)?.serving ?? [])]).toHaveLength(2);
});

test('a kind that goes and comes back while tasks are moved waits for the next look', async () => {
  const { lanes, migration } = await openStage(['Crop', 'Blur']);
  lanes.record(named('new'), NEW);
  const served: boolean[] = [];
  await new Promise<void>((resolve) => {
    const running = migration(() => {
      served.push(running.mayServe(NEW));
      if (!running.isBusy) resolve();
    });
    running.start();
    for (const kind of [null, NEW]) {
      lanes.record(named('new'), kind);
      running.start();
    }
  });

  expect(served).toEqual([false, true]);
});
