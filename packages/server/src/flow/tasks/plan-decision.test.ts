import { expect, test } from 'vitest';
import { createTaskRow } from '../../../test/kit/rows.ts';
import { planDecision } from './plan-decision.ts';

const CAUSE = { code: 'PROMPT_LOST', message: 'as it was then', details: null };
const HELD = createTaskRow({
  state: 'held',
  held_reason: 'needs_decision',
  error: JSON.stringify(CAUSE),
});
const plan = (decision: 'run_again' | 'give_up', isBatchPaused = false) =>
  planDecision({ decision, actor: 'person', isBatchPaused, writesAtEnd: () => [] });

test('TD16 running again returns the task to its lane, and records who decided', () => {
  expect(plan('run_again')(HELD)).toEqual({
    changes: [{ type: 'task.queued', actor: 'person', details: { decision: 'run_again' } }],
  });
});

test('TD16 giving up fails the task with the cause for which it was held, and deletes its keys', () => {
  expect(plan('give_up')(HELD)).toEqual({
    changes: [{ type: 'task.failed', actor: 'person', error: CAUSE, details: { decision: 'give_up' } }],
    writes: [],
  });
});

test('a task of a paused batch waits with it', () => {
  expect(plan('run_again', true)(HELD)?.changes).toMatchObject([
    { type: 'task.held', heldReason: 'batch_paused' },
  ]);
});

test.each([
  createTaskRow({ state: 'held', held_reason: 'retry_delay' }),
  createTaskRow({ state: 'queued' }),
  createTaskRow({ state: 'running' }),
  createTaskRow({ state: 'failed' }),
])('a task that waits for no decision takes none: $state, $held_reason', (task) => {
  expect(plan('run_again')(task)).toBeNull();
  expect(plan('give_up')(task)).toBeNull();
});
