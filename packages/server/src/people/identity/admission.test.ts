import { createUuidV7 } from '@comfleet/contract';
import { FakeClock } from '@comfleet/test-kit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openMemoryDatabase } from '../../../test/kit/memory-database.ts';
import { systemRandom } from '../../platform/time/clock.ts';
import { createAdmission } from './admission.ts';

const clock = new FakeClock();
const actor = { id: createUuidV7<'principal'>(0, systemRandom.bytes(10)), name: 'a', permissions: [] };
const store = async () => 'stored';

let db: Awaited<ReturnType<typeof openMemoryDatabase>>;
beforeEach(async () => {
  db = await openMemoryDatabase(clock);
});
afterEach(() => db.close());

test('more waiting tasks than the limit are refused with numbers', async () => {
  const admit = createAdmission({ db, clock }, { waitingPerClient: 3 });
  expect(await admit(actor, 3, store)).toBe('stored');
  await expect(admit(actor, 4, store)).rejects.toMatchObject({
    code: 'QUOTA_EXCEEDED',
    details: { limit: 3, waiting: 0, asked: 4 },
  });
});

test('tasks that ended meanwhile make room at once, because a refusal counts again', async () => {
  const admit = createAdmission({ db, clock }, { waitingPerClient: 3 });
  await admit(actor, 3, store);
  expect(await admit(actor, 3, store)).toBe('stored');
});

test('ST6 any number of submissions at once cannot exceed the limit', async () => {
  const admit = createAdmission({ db, clock }, { waitingPerClient: 10 });
  let release = () => {};
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  let begun = 0;
  const slowly = async () => {
    begun += 1;
    await gate;
  };
  const first = Array.from({ length: 50 }, () => admit(actor, 1, slowly));
  const second = Array.from({ length: 50 }, () => clockTick().then(() => admit(actor, 1, slowly)));
  const settling = Promise.allSettled([...first, ...second]);
  await Promise.allSettled(second.map((one) => Promise.race([one, clockTick(20)])));
  expect(begun).toBe(10);
  release();

  const outcomes = (await settling).map(({ status }) => status);
  expect(outcomes.filter((status) => status === 'fulfilled')).toHaveLength(10);
});

test('what could not be stored no longer counts', async () => {
  const admit = createAdmission({ db, clock }, { waitingPerClient: 1 });
  await expect(admit(actor, 1, () => Promise.reject(new Error('full')))).rejects.toThrow('full');
  expect(await admit(actor, 1, store)).toBe('stored');
});

/** Waits a few turns of the event loop, so that counting finishes. */
async function clockTick(turns = 3): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
