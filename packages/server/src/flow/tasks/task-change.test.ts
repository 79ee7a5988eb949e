import { describe, expect, test } from 'vitest';
import { named } from '../../../test/kit/named.ts';
import { createTaskRow } from '../../../test/kit/rows.ts';
import { changeTask } from './task-change.ts';

const NOW = 1_767_225_600_000;

describe('changing a task', () => {
  test('a claim starts a new epoch and names worker and prompt', () => {
    const queued = createTaskRow({ state: 'queued', version: 2, epoch: 3, attempt_count: 3 });

    const changed = changeTask(
      queued,
      {
        type: 'attempt.claimed',
        attemptId: named('attempt-4'),
        workerId: named('worker-2'),
        promptId: 'prompt-4',
      },
      NOW,
    );

    expect(changed?.row).toMatchObject({
      state: 'running',
      version: 3,
      epoch: 4,
      attempt_count: 4,
      worker_id: 'worker-2',
      prompt_id: 'prompt-4',
      started_at: NOW,
    });
  });

  test('the number of the event is the new version of the task', () => {
    const changed = changeTask(
      createTaskRow({ state: 'queued', version: 7 }),
      { type: 'task.canceled' },
      NOW,
    );

    expect(changed?.row.version).toBe(8);
    expect(changed?.event).toMatchObject({ number: 8, type: 'task.canceled', state: 'canceled', at: NOW });
  });

  test('the row that was read stays as it was', () => {
    const queued = createTaskRow({ state: 'queued', version: 2 });

    changeTask(queued, { type: 'task.canceled' }, NOW);

    expect(queued).toEqual(createTaskRow({ state: 'queued', version: 2 }));
  });

  test('TQ2 a change that is no longer legal changes nothing', () => {
    expect(changeTask(createTaskRow({ state: 'failed' }), { type: 'task.succeeded' }, NOW)).toBeNull();
  });

  test('a cancel that was acknowledged wins over a result that comes later', () => {
    const canceling = createTaskRow({ state: 'running', cancel_requested_at: NOW - 5 });

    expect(changeTask(canceling, { type: 'task.succeeded' }, NOW)).toBeNull();
    expect(changeTask(canceling, { type: 'task.canceled' }, NOW)?.row.state).toBe('canceled');
  });

  test('a held task says why and until when, and forgets both when it goes on', () => {
    const held = changeTask(
      createTaskRow({ state: 'running' }),
      { type: 'task.held', heldReason: 'retry_delay', dueAtMs: NOW + 1500 },
      NOW,
    )?.row;
    const queued = held && changeTask(held, { type: 'task.queued' }, NOW + 1500)?.row;

    expect(held).toMatchObject({ state: 'held', held_reason: 'retry_delay', due_at: NOW + 1500 });
    expect(queued).toMatchObject({ state: 'queued', held_reason: null, due_at: null });
  });

  test('TQ8 an event of an attempt keeps its number, worker and error', () => {
    const running = createTaskRow({ state: 'running', epoch: 2, attempt_count: 1 });

    const changed = changeTask(
      running,
      {
        type: 'attempt.ended',
        attemptId: named('attempt-2'),
        workerId: named('worker-1'),
        error: { code: 'PROMPT_LOST', message: 'gone', details: null },
      },
      NOW,
    );

    expect(changed?.event).toMatchObject({
      attempt_id: 'attempt-2',
      attempt_number: 2,
      worker_id: 'worker-1',
      error: '{"code":"PROMPT_LOST","message":"gone","details":null}',
    });
  });

  test('a worker that died under the task is counted', () => {
    const running = createTaskRow({ state: 'running', deaths: 0 });

    expect(changeTask(running, { type: 'attempt.ended', workerDied: true }, NOW)?.row.deaths).toBe(1);
    expect(changeTask(running, { type: 'attempt.ended', workerDied: false }, NOW)?.row.deaths).toBe(0);
  });

  test('an end keeps its time and its error', () => {
    const changed = changeTask(
      createTaskRow({ state: 'running' }),
      { type: 'task.failed', error: { code: 'OUT_OF_MEMORY', message: 'too large', details: null } },
      NOW,
    );

    expect(changed?.row.ended_at).toBe(NOW);
    expect(changed?.row.error).toBe('{"code":"OUT_OF_MEMORY","message":"too large","details":null}');
  });

  test('P22 the event of a change names who requested it', () => {
    const changed = changeTask(
      createTaskRow({ state: 'queued' }),
      { type: 'task.cancel_requested', actor: 'client-1' },
      NOW,
    );

    expect(changed?.row).toMatchObject({ state: 'queued', cancel_requested_at: NOW });
    expect(changed?.event.actor).toBe('client-1');
  });
});
