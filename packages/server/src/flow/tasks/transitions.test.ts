import { TASK_EVENT_TYPES, TASK_STATES, type TaskEventType, type TaskState } from '@comfleet/contract';
import { describe, expect, test } from 'vitest';
import { nextTaskState } from './transitions.ts';

/** Every legal step, written out by hand: `state + event → state after`. All others are illegal. */
const LEGAL = [
  'held + task.held → held',
  'held + task.queued → queued',
  'held + task.cancel_requested → held',
  'held + task.canceled → canceled',
  'held + task.failed → failed',
  'held + task.expired → expired',
  'queued + task.held → held',
  'queued + task.queued → queued',
  'queued + task.cancel_requested → queued',
  'queued + task.canceled → canceled',
  'queued + task.failed → failed',
  'queued + task.expired → expired',
  'queued + attempt.claimed → running',
  'running + task.held → held',
  'running + task.queued → queued',
  'running + task.cancel_requested → running',
  'running + task.canceled → canceled',
  'running + task.failed → failed',
  'running + task.expired → expired',
  'running + task.succeeded → succeeded',
  'running + attempt.submitted → running',
  'running + attempt.started → running',
  'running + attempt.collecting → running',
  'running + attempt.escalated → running',
  'running + attempt.adopted → running',
  'running + attempt.ended → running',
];

function listSteps(states: readonly TaskState[], events: readonly TaskEventType[]): string[] {
  return states.flatMap((state) =>
    events.flatMap((event) => {
      const next = nextTaskState(state, event);
      return next === null ? [] : [`${state} + ${event} → ${next}`];
    }),
  );
}

describe('states of a task', () => {
  test('TQ2 of all states and events only the legal steps lead anywhere', () => {
    expect(listSteps(TASK_STATES, TASK_EVENT_TYPES).sort()).toEqual([...LEGAL].sort());
  });

  test.each(['succeeded', 'failed', 'canceled', 'expired'] as const)(
    'nothing changes a task that is %s',
    (state) => {
      expect(listSteps([state], TASK_EVENT_TYPES)).toEqual([]);
    },
  );

  test('a task succeeds only out of running', () => {
    expect(TASK_STATES.filter((state) => nextTaskState(state, 'task.succeeded') !== null)).toEqual([
      'running',
    ]);
  });
});
