import type { Placement } from '@comfleet/contract';
import { expect, test } from 'vitest';
import { samplePlacement } from '../testing/samples.ts';
import { findObstacle } from './obstacle.ts';

const TROUBLE = {
  since: '2026-01-01T10:00:00.000Z',
  texts: [{ code: 'problem.refused', params: {} }],
};
const COUNTED = { code: 'wait.workers', params: { workers: 2, reasons: [] } };
const DOWN = { reason: 'offline', trouble: TROUBLE } as const;

function waitingFor(...workers: Parameters<typeof samplePlacement>): Placement {
  return { ...samplePlacement(...workers), message_texts: [{ code: 'task.waiting', params: {} }, COUNTED] };
}

test('a task that only waits for its turn meets no obstacle', () => {
  expect(findObstacle(waitingFor(DOWN, { reason: 'full' }))).toBeNull();
  expect(findObstacle(waitingFor({ reason: null }))).toBeNull();
});

test('the only worker that could take it says what is wrong with it and since when', () => {
  const other = { reason: 'model', missing: 'checkpoints/a' } as const;
  expect(findObstacle(waitingFor(DOWN))).toEqual(TROUBLE);
  expect(findObstacle(waitingFor(DOWN, other))).toEqual(TROUBLE);
});

test('several that cannot take it are counted by their reasons', () => {
  expect(findObstacle(waitingFor(DOWN, DOWN))).toEqual({ texts: [COUNTED], since: null });
});
