import { FakeClock } from '@comfleet/test-kit';
import { expect, test } from 'vitest';
import { openMemoryDatabase } from '../../../test/kit/memory-database.ts';
import { named } from '../../../test/kit/named.ts';
import { createTaskRow } from '../../../test/kit/rows.ts';
import type { Database } from '../../platform/database/database.ts';
import { streamWaitingTasks } from './task-queries.ts';
import { writeNewTask } from './task-rows.ts';
import type { TaskTables } from './task-tables.ts';

const toId = (number: number) => named<'task'>(`01890000-0000-7000-8000-${String(number).padStart(12, '0')}`);

/** One third of the tasks is held, one third has ended. */
async function openStore(count: number) {
  const database = await openMemoryDatabase(new FakeClock());
  const states = ['queued', 'held', 'succeeded'] as const;
  const tasks = Array.from({ length: count }, (_value, number) => {
    const state = states[number % 3] ?? 'queued';
    return createTaskRow({ id: toId(count - number), state, accepted_seq: count - number });
  });
  await database.commit(tasks.flatMap((task) => writeNewTask(database.k, task, [])));
  return {
    database,
    idsOf: (state: string) => tasks.filter((task) => task.state === state).map(({ id }) => id),
  };
}

/** The database, recording the query plan of each read. */
function watchPlans(database: Database<TaskTables>): { watched: Database<TaskTables>; plans: string[] } {
  const plans: string[] = [];
  const watched: Database<TaskTables> = {
    ...database,
    read: async (query) => {
      const compiled = query.compile();
      const explained = { ...compiled, sql: `explain query plan ${compiled.sql}` };
      const steps = await database.read<{ detail: string }>({ compile: () => explained as never });
      plans.push(steps.map(({ detail }) => detail).join('; '));
      return database.read(query);
    },
  };
  return { watched, plans };
}

test.each(['queued', 'held'] as const)(
  'every %s task is returned once, in the order of acceptance',
  async (state) => {
    const { database, idsOf } = await openStore(6500);
    const ids: string[] = [];
    for await (const { id } of streamWaitingTasks(database, state)) ids.push(id);
    expect(ids).toEqual(idsOf(state).sort());
  },
);

test('a page of waiting tasks is read by an index in order, without sorting all of them', async () => {
  const { database } = await openStore(6500);
  const { watched, plans } = watchPlans(database);
  let count = 0;
  for await (const _task of streamWaitingTasks(watched, 'queued')) count += 1;
  expect(count).toBe(2167);
  expect(plans).toHaveLength(3);
  for (const plan of plans) {
    expect(plan).toContain('task_state_id (state=? AND id>?)');
    expect(plan).not.toContain('TEMP B-TREE');
  }
});
