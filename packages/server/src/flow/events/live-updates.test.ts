import { FakeClock } from '@comfleet/test-kit';
import { describe, expect, test } from 'vitest';
import { named } from '../../../test/kit/named.ts';
import { createTaskRow } from '../../../test/kit/rows.ts';
import { createEvent } from '../tasks/task-change.ts';
import { type LiveUpdate, LiveUpdateHub } from './live-updates.ts';

const ID = named<'task'>('task-1');
const TASK = createTaskRow({
  id: ID,
  owner_id: named('owner-1'),
  batch_id: named('batch-1'),
  project_id: named('project-1'),
  state: 'running',
});
const PROGRESS = { value: 0.5 } as Extract<LiveUpdate, { kind: 'progress' }>['progress'];
const IMAGE = { nodeId: '3', mimeType: 'image/jpeg', bytes: Buffer.from('first') };

const createHub = (errors: unknown[] = []) =>
  new LiveUpdateHub(new FakeClock(), (error) => errors.push(error));

describe('who receives an update', () => {
  test('those who watch its task, its batch, its owner, its project or everything, each once', () => {
    const hub = createHub();
    const received: string[] = [];
    for (const topic of [
      'task:task-1',
      'batch:batch-1',
      'owner:owner-1',
      'project:project-1',
      'all',
      'task:task-2',
      'owner:owner-2',
      'project:project-2',
    ] as const)
      hub.subscribe([topic], () => received.push(topic));

    hub.reportProgress(TASK, PROGRESS);

    expect(received).toEqual(['task:task-1', 'batch:batch-1', 'owner:owner-1', 'project:project-1', 'all']);
  });

  test('once for whoever watches its owner and its project', () => {
    const hub = createHub();
    const received: string[] = [];
    const leave = hub.subscribe(['owner:owner-1', 'project:project-1'], ({ kind }) => received.push(kind));

    hub.reportProgress(TASK, PROGRESS);
    leave();
    hub.reportProgress(TASK, PROGRESS);

    expect(received).toEqual(['progress']);
  });

  test('PR8 a listener that throws stops neither the others nor the task', () => {
    const errors: unknown[] = [];
    const hub = createHub(errors);
    const heard: string[] = [];
    hub.subscribe(['all'], () => {
      throw new Error('broken page');
    });
    hub.subscribe(['all'], () => heard.push('second'));

    hub.reportProgress(TASK, PROGRESS);

    expect(heard).toEqual(['second']);
    expect(errors).toEqual([new Error('broken page')]);
  });

  test('nobody who has left', () => {
    const hub = createHub();
    const heard: string[] = [];
    const leave = hub.subscribe(['batch:batch-1'], () => heard.push('batch'));

    leave();
    hub.reportProgress(TASK, PROGRESS);

    expect(heard).toEqual([]);
  });
});

describe('progress and previews', () => {
  const succeeded = { ...TASK, state: 'succeeded' as const, ended_at: 1000 };
  const event = createEvent(succeeded, { type: 'task.succeeded' }, 1000);

  test('the newest is kept until the task ends, and is whole once its result is stored', () => {
    const hub = createHub();
    const heard: unknown[] = [];
    hub.reportProgress(TASK, PROGRESS);
    expect(hub.progressOf(ID)).toBe(PROGRESS);
    hub.subscribe(['all'], (update) =>
      heard.push(update.kind === 'progress' ? update.progress.value : update.kind),
    );

    hub.reportEvent(succeeded, event);

    expect(heard).toEqual([1, 'event']);
    expect(hub.progressOf(ID)).toBeNull();
  });

  test('PR7 without a watcher no preview is sent; who comes later finds the newest', () => {
    const hub = createHub();
    const heard: string[] = [];
    hub.subscribe(['task:task-2'], (update) => heard.push(update.kind));
    hub.reportProgress(TASK, PROGRESS);

    hub.reportPreview(TASK, IMAGE);
    hub.reportPreview(TASK, { ...IMAGE, bytes: Buffer.from('second') });

    expect(heard).toEqual([]);
    expect(hub.previewOf(ID)).toEqual({
      node_id: '3',
      content_type: 'image/jpeg',
      data_base64: Buffer.from('second').toString('base64'),
    });
  });

  test('a preview above 64 kB, and one after the end of its task, are sent to nobody', () => {
    const hub = createHub();
    hub.reportProgress(TASK, PROGRESS);
    hub.reportPreview(TASK, { ...IMAGE, bytes: Buffer.alloc(64 * 1024 + 1) });
    expect(hub.previewOf(ID)).toBeNull();

    hub.reportEvent(succeeded, event);
    hub.reportPreview(TASK, IMAGE);

    expect(hub.previewOf(ID)).toBeNull();
  });
});
