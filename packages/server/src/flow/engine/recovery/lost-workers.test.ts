import type { TaskId, WorkerId } from '@comfleet/contract';
import { FakeClock } from '@comfleet/test-kit';
import { expect, test } from 'vitest';
import { createFacts } from '../../../../test/kit/board.ts';
import { named } from '../../../../test/kit/named.ts';
import { createTaskRow } from '../../../../test/kit/rows.ts';
import type { WorkerRegistry } from '../../../fleet/workers/registry.ts';
import type { Dispatcher } from '../../execution/dispatcher.ts';
import { PlacementBoard } from '../../placement/placement-board.ts';
import { TaskLanes } from '../task-lanes.ts';
import { LostWorkers } from './lost-workers.ts';

const GRACE_MS = 5000;
const BUSY: WorkerId = named('busy');
const TASK: TaskId = named('task');
const REQUIREMENTS = JSON.stringify({
  ...{ taskType: 'text_to_image', classTypes: ['KSampler'], models: [] },
  ...{ inputs: [], inputBytes: 0, excludedWorkers: [] },
});

/** A task on a worker that was last seen this long ago, according to SQL, and another worker that could run it. */
function open(silentMs: number) {
  const clock = new FakeClock();
  const board = new PlacementBoard();
  board.setWorker(createFacts('busy', { state: 'offline' }));
  board.setWorker(createFacts('free'));
  const task = createTaskRow({ id: TASK, requirements: REQUIREMENTS });
  const moved: string[] = [];
  const dispatcher = {
    list: () => [{ task, workerId: BUSY }],
    stop: (_id: TaskId, reason: string) => {
      moved.push(reason);
      return true;
    },
  } as unknown as Pick<Dispatcher, 'list' | 'stop'>;
  const worker = { snapshot: () => ({ lastSeenMs: clock.nowMs() - silentMs }) };
  const fleet = { find: () => worker } as unknown as Pick<WorkerRegistry, 'find'>;
  const lost = new LostWorkers({ fleet, clock, board, dispatcher, lanes: new TaskLanes() }, () => GRACE_MS);
  return { lost, clock, moved };
}

const state = (health: 'online' | 'offline' | 'unknown') => ({ health, isPortClosed: false });

test('P6 a worker not heard of since the start keeps its prompts for the whole grace, however old its last sign of life', () => {
  const { lost, clock, moved } = open(55_000);
  lost.record(BUSY, state('unknown'));
  clock.advance(29_000);
  lost.move();
  expect(moved).toEqual([]);

  clock.advance(1000);
  lost.move();
  expect(moved).toEqual(['worker_lost']);
});

test('a worker that answered since the start has used up its grace when it was silent beyond the busy limit', () => {
  const { lost, moved } = open(31_000);
  lost.record(BUSY, state('online'));
  lost.record(BUSY, state('offline'));
  lost.move();
  expect(moved).toEqual(['worker_lost']);
});

test('a worker that is back in time keeps its prompts', () => {
  const { lost, clock, moved } = open(1000);
  lost.record(BUSY, state('online'));
  lost.record(BUSY, state('offline'));
  clock.advance(GRACE_MS - 1);
  lost.record(BUSY, state('online'));
  clock.advance(GRACE_MS);
  lost.move();
  expect(moved).toEqual([]);
});
