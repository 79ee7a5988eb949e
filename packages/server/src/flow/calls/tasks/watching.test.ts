import type { StreamFrame, TaskId } from '@comfleet/contract';
import { expect, test } from 'vitest';
import { openMemoryDatabase } from '../../../../test/kit/memory-database.ts';
import { createTaskRow } from '../../../../test/kit/rows.ts';
import { systemClock } from '../../../platform/time/clock.ts';
import { LiveUpdateHub } from '../../events/live-updates.ts';
import { changeTask } from '../../tasks/task-change.ts';
import { writeChanges, writeNewTask } from '../../tasks/task-rows.ts';
import type { TaskEventRow, TaskRow } from '../../tasks/task-tables.ts';
import { toTaskEvent } from './task-view.ts';
import type { TaskViews } from './task-views.ts';
import { watchTask } from './watching.ts';

/** A running task in SQL; counts how often its view is loaded. */
async function openWatched() {
  const database = await openMemoryDatabase(systemClock);
  const task = createTaskRow({ state: 'running', version: 4 });
  await database.commit(writeNewTask(database.k, task, []));
  const live = new LiveUpdateHub(systemClock, () => {});
  const viewed: number[] = [];
  const view = async (row: TaskRow) => {
    viewed.push(row.version);
    return { task_id: row.id as string, status: row.state } as Awaited<ReturnType<TaskViews['view']>>;
  };
  const viewEvent = async (row: TaskEventRow) => toTaskEvent(row, null);
  const views = { view, viewEvent } as TaskViews;
  return { database, task, live, viewed, deps: { database, live, views, clock: systemClock } };
}

test('events that were stored together load the task once, as it was after the last of them', async () => {
  const { database, task, live, viewed, deps } = await openWatched();
  const stream = watchTask(deps, { kind: 'all' }, task.id as TaskId, {
    after: 4,
    signal: new AbortController().signal,
  });
  const frames: StreamFrame[] = [];
  const reading = (async () => {
    for await (const frame of stream) frames.push(frame);
  })();
  const ended = changeTask(task, { type: 'attempt.ended' }, 1000);
  const succeeded = ended && changeTask(ended.row, { type: 'task.succeeded' }, 1000);
  if (!ended || !succeeded) throw new Error('both changes are legal for a running task');

  await database.commit(writeChanges(database.k, 4, [ended, succeeded]));
  for (const { row, event } of [ended, succeeded]) live.reportEvent(row, event);
  await reading;

  expect(frames.map((frame) => frame.kind === 'event' && [frame.event.type, frame.task?.status])).toEqual([
    ['attempt.ended', 'succeeded'],
    ['task.succeeded', 'succeeded'],
  ]);
  expect(viewed).toEqual([6]);
});
