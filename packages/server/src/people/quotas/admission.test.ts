import { createUuidV7, type PrincipalId, type QuotaLimits, type TaskId } from '@comfleet/contract';
import { FakeClock } from '@comfleet/test-kit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openMemoryDatabase } from '../../../test/kit/memory-database.ts';
import { createTaskRow } from '../../../test/kit/rows.ts';
import { writeNewTask } from '../../flow/tasks/task-rows.ts';
import { systemRandom } from '../../platform/time/clock.ts';
import { createAdmission } from './admission.ts';
import { CurrentDay } from './current-day.ts';
import { QuotaBook } from './quota-book.ts';
import { QuotaCounters } from './quota-counters.ts';
import { compileQuotas, quotasSchema } from './settings.ts';

const createId = <K extends 'task' | 'principal'>(nowMs: number) =>
  createUuidV7<K>(nowMs, systemRandom.bytes(10));

let clock: FakeClock;
let db: Awaited<ReturnType<typeof openMemoryDatabase>>;
beforeEach(async () => {
  clock = new FakeClock();
  db = await openMemoryDatabase(clock);
});
afterEach(() => db.close());

/** A server that starts now: limits of clients, in a time zone. */
function open(limits: Partial<QuotaLimits>, zone = 'UTC') {
  const raw = quotasSchema.parse({ client: limits });
  const book = new QuotaBook(db, () => compileQuotas(raw, { waitingPerClient: 20_000 }));
  const admission = createAdmission({ db, book, days: new CurrentDay(db, zone), store: new QuotaCounters() });
  const ownerId = createId<'principal'>(0);
  const accept = async (id: PrincipalId = ownerId): Promise<string> => {
    const counted = { ownerId: id, projectId: null };
    try {
      return await admission.tasks(counted, 1, async (keep) => {
        const nowMs = db.nowMs();
        const row = createTaskRow({ id: createId<'task'>(nowMs) as TaskId, owner_id: id, created_at: nowMs });
        await db.commit(writeNewTask(db.k, row, []));
        keep();
        return 'accepted';
      });
    } catch (thrown) {
      return (thrown as { details: { resets_at: string } }).details.resets_at;
    }
  };
  const acceptMany = async (count: number) => {
    const outcomes: string[] = [];
    for (let done = 0; done < count; done += 1) outcomes.push(await accept());
    return outcomes;
  };
  return { admission, accept, acceptMany, ownerId };
}

const goTo = (iso: string) => clock.advance(Date.parse(iso) - clock.nowMs());

test.each([
  ['the night to summer time', '2026-03-28T23:30:00+01:00', '2026-03-29T23:30:00+02:00'],
  ['the night from summer time', '2026-10-24T23:30:00+02:00', '2026-10-25T23:30:00+01:00'],
])(
  'AU10 a day has its own quota over %s, however many hours it has',
  async (_night, evening, nextEvening) => {
    goTo(evening);
    const { acceptMany } = open({ tasks_per_day: 2 }, 'Europe/Berlin');
    const first = await acceptMany(3);
    clock.advance(Date.parse(first[2] ?? '') - clock.nowMs() - 1);
    const lastMoment = await acceptMany(1);
    clock.advance(1);
    const second = await acceptMany(3);
    goTo(nextEvening);

    expect(first.slice(0, 2)).toEqual(['accepted', 'accepted']);
    expect(lastMoment).not.toEqual(['accepted']);
    expect(second.slice(0, 2)).toEqual(['accepted', 'accepted']);
    // The same day still, an hour shorter or longer than others.
    expect(await acceptMany(1)).toEqual([second[2]]);
  },
);

test('AU10 a restart within the day counts what the day had', async () => {
  goTo('2026-05-01T12:00:00Z');
  const before = open({ tasks_per_day: 3 });
  await before.acceptMany(2);
  const after = open({ tasks_per_day: 3 });

  expect(await Promise.all([1, 2, 3].map(() => after.accept(before.ownerId)))).toEqual([
    'accepted',
    '2026-05-02T00:00:00.000Z',
    '2026-05-02T00:00:00.000Z',
  ]);
});

test('AU10 what could not be stored does not count', async () => {
  const { admission, accept, ownerId } = open({ tasks_per_day: 1 });
  const counted = { ownerId, projectId: null };
  await expect(admission.tasks(counted, 1, () => Promise.reject(new Error('full')))).rejects.toThrow('full');

  expect(await accept()).toBe('accepted');
});

test('AU10 without a limit nothing is counted', async () => {
  const { accept } = open({ tasks_waiting: null });
  let reads = 0;
  const { read } = db;
  db.read = (query) => {
    reads += 1;
    return read.call(db, query) as never;
  };
  await accept();
  await accept();

  // Whose defaults apply is learned once.
  expect(reads).toBe(1);
});

test('AU10 a client that registered itself gets 50 tasks a day, and one that an admin made as many as it likes', () => {
  const defaults = compileQuotas(quotasSchema.parse({}), { waitingPerClient: 7 });

  expect([defaults.registered_client.tasks_per_day, defaults.client.tasks_per_day]).toEqual([50, null]);
  expect([defaults.client.tasks_waiting, defaults.project.tasks_waiting]).toEqual([7, null]);
});
