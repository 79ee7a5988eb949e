import { FakeClock } from '@comfleet/test-kit';
import { expect, test } from 'vitest';
import { openMemoryDatabase } from '../../../../test/kit/memory-database.ts';
import { named } from '../../../../test/kit/named.ts';
import { createTaskRow } from '../../../../test/kit/rows.ts';
import { TaskJournal } from '../../tasks/task-journal.ts';
import { writeNewTask } from '../../tasks/task-rows.ts';
import type { BatchRow, TaskRow } from '../../tasks/task-tables.ts';
import { type ChangeBatchDeps, changeBatch } from './change-batch.ts';

const BATCH: BatchRow = {
  id: named('batch'),
  owner_id: named('owner'),
  project_id: null,
  name: null,
  state: 'running',
  version: 1,
  priority: 5,
  total: 1,
  created_at: 0,
  ended_at: null,
};
const TASK = createTaskRow({
  id: named('task'),
  owner_id: BATCH.owner_id,
  batch_id: BATCH.id,
  batch_index: 0,
  state: 'queued',
});

/** Pauses a batch of one waiting task. `meanwhile` runs after its tasks are read and before they are changed. */
async function pause(meanwhile: (journal: TaskJournal) => Promise<unknown>): Promise<TaskRow['state'][]> {
  const clock = new FakeClock();
  const database = await openMemoryDatabase(clock);
  const batch = { query: database.k.insertInto('batch').values(BATCH) };
  await database.commit([batch, ...writeNewTask(database.k, TASK, [])]);
  const journal = new TaskJournal(database, () => {});
  const handedOver: TaskRow['state'][] = [];
  let isFirst = true;
  const engine: ChangeBatchDeps['engine'] = {
    drop: async () => {
      if (isFirst) await meanwhile(journal);
      isFirst = false;
    },
    enqueue: async (tasks) => void handedOver.push(...tasks.map(({ state }) => state)),
  };
  const intake = { cancel: async () => {} };
  await changeBatch(
    { database, clock, engine, journal, intake },
    { id: named('owner'), name: 'owner', permissions: [], projects: [] },
    { id: BATCH.id, change: 'pause' },
  );
  expect((await journal.load(TASK.id))?.state).toBe('held');
  return handedOver;
}

test('BG5 a pause hands over nothing that another pause already holds', async () => {
  const hold = { changes: [{ type: 'task.held', heldReason: 'batch_paused' } as const] };

  expect(await pause((journal) => journal.change(TASK.id, () => hold))).toEqual([]);
});

test('BG5 a pause without a concurrent change holds what waits', async () => {
  expect(await pause(async () => {})).toEqual([]);
});
