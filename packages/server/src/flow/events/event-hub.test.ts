import type { TaskId } from '@comfleet/contract';
import { describe, expect, test } from 'vitest';
import { EventHub, type Happening } from './event-hub.ts';

const HAPPENING: Happening = {
  kind: 'progress',
  taskId: 'task-1' as TaskId,
  ownerId: 'owner-1',
  batchId: 'batch-1',
  progress: { value: 0.5 } as Extract<Happening, { kind: 'progress' }>['progress'],
};

describe('who hears of a happening', () => {
  test('those who watch its task, its batch, its owner or everything, each once', () => {
    const hub = new EventHub(() => {});
    const heard: string[] = [];
    for (const key of [
      'task:task-1',
      'batch:batch-1',
      'owner:owner-1',
      'all',
      'task:task-2',
      'owner:owner-2',
    ])
      hub.subscribe(key, () => heard.push(key));

    hub.publish(HAPPENING);

    expect(heard).toEqual(['task:task-1', 'batch:batch-1', 'owner:owner-1', 'all']);
  });

  test('PR8 a listener that throws stops neither the others nor the task', () => {
    const errors: unknown[] = [];
    const hub = new EventHub((error) => errors.push(error));
    const heard: string[] = [];
    hub.subscribe('all', () => {
      throw new Error('broken page');
    });
    hub.subscribe('all', () => heard.push('second'));

    hub.publish(HAPPENING);

    expect(heard).toEqual(['second']);
    expect(errors).toEqual([new Error('broken page')]);
  });

  test('nobody who has left, and a task is watched only while someone is there', () => {
    const hub = new EventHub(() => {});
    const heard: string[] = [];
    const leave = hub.subscribe('batch:batch-1', () => heard.push('batch'));
    const isWatched = () => hub.isWatched('task-1' as TaskId, 'owner-1', 'batch-1');
    expect(isWatched()).toBe(true);

    leave();
    hub.publish(HAPPENING);

    expect(heard).toEqual([]);
    expect(isWatched()).toBe(false);
  });
});
