import type { Placement } from '@comfleet/contract';
import { expect, test } from 'vitest';
import { findObstacle } from './obstacle.ts';

type Waiting = NonNullable<Placement['waiting']>;

const TROUBLE = {
  since: '2026-01-01T10:00:00.000Z',
  texts: [{ code: 'problem.refused', params: {} }],
};
const COUNTED = { code: 'wait.workers', params: { workers: 2, reasons: [] } };

function worker(fields: Partial<Waiting['workers'][number]>): Waiting['workers'][number] {
  return {
    worker_id: 'w',
    name: 'gpu',
    load: 0,
    slots: 0,
    hot: true,
    reason: null,
    missing: null,
    ...fields,
  };
}

function waitingFor(...workers: Waiting['workers']): Placement {
  return {
    task_id: 'task-1',
    status: 'queued',
    message: '',
    message_texts: [{ code: 'task.waiting', params: {} }, COUNTED],
    waiting: {
      held_reason: null,
      queue_position: 0,
      task_type_full: false,
      overtaken: 0,
      overtaken_limit: 24,
      passed_seconds: null,
      workers,
    },
    placed: null,
  };
}

test('a task that only waits for its turn meets no obstacle', () => {
  const down = worker({ reason: 'offline', trouble: TROUBLE });
  expect(findObstacle(waitingFor(down, worker({ reason: 'full' })))).toBeNull();
  expect(findObstacle(waitingFor(worker({})))).toBeNull();
});

test('the only worker that could take it says what is wrong with it and since when', () => {
  const down = worker({ reason: 'offline', trouble: TROUBLE });
  const other = worker({ reason: 'model', missing: 'checkpoints/a' });
  expect(findObstacle(waitingFor(down))).toEqual(TROUBLE);
  expect(findObstacle(waitingFor(down, other))).toEqual(TROUBLE);
});

test('several that cannot take it are counted by their reasons', () => {
  const down = worker({ reason: 'offline', trouble: TROUBLE });
  expect(findObstacle(waitingFor(down, down))).toEqual({ texts: [COUNTED], since: null });
});
