import { describe, expect, test } from 'vitest';
import { sampleProgress, sampleTask } from '../testing/samples.ts';
import { mergeTask, nextTask } from './task-state.ts';

const running = sampleTask({ status: 'running', attempt_count: 1, progress: sampleProgress(0.5, 10) });

describe('nextTask', () => {
  test('a snapshot of an unknown task is taken as it is', () => {
    expect(nextTask(undefined, { kind: 'snapshot', task: running })).toEqual({ kind: 'task', task: running });
  });

  test('progress never goes backward on the page', () => {
    const outcome = nextTask(running, {
      kind: 'progress',
      task_id: 'task-1',
      progress: sampleProgress(0.2, 11),
    });
    expect(outcome).toMatchObject({ kind: 'task', task: { progress: { value: 0.5, step: 11 } } });
  });

  test('progress after the end changes nothing', () => {
    const ended = sampleTask({ status: 'succeeded' });
    const outcome = nextTask(ended, {
      kind: 'progress',
      task_id: 'task-1',
      progress: sampleProgress(0.9, 18),
    });
    expect(outcome).toEqual({ kind: 'nothing' });
  });

  test('an event without its task asks for the task', () => {
    const event = {
      task_id: 'task-1',
      number: 2,
      type: 'task.queued' as const,
      at: '2026-01-01T10:00:00.000Z',
      status: 'queued' as const,
      actor: 'system',
      attempt_id: null,
      attempt_number: null,
      worker_id: null,
      prompt_id: null,
      held_reason: null,
      error: null,
      details: null,
    };
    expect(nextTask(running, { kind: 'event', event, task: null })).toEqual({
      kind: 'load',
      taskId: 'task-1',
    });
  });
});

describe('mergeTask', () => {
  test('an ended task stays ended when an older list arrives', () => {
    const ended = sampleTask({ status: 'succeeded', attempt_count: 1 });
    expect(mergeTask(ended, running).status).toBe('succeeded');
  });

  test('a second attempt starts its progress over', () => {
    const again = sampleTask({ status: 'running', attempt_count: 2, progress: sampleProgress(0.1, 2) });
    expect(mergeTask(running, again).progress?.value).toBe(0.1);
  });
});
