import { createUuidV7 } from '@comfleet/contract';
import { FakeClock } from '@comfleet/test-kit';
import { expect, test } from 'vitest';
import { openMemoryDatabase } from '../../../test/kit/memory-database.ts';
import { systemRandom } from '../../platform/time/clock.ts';
import { createAdmission } from './admission.ts';

const clock = new FakeClock();
const actor = { id: createUuidV7<'principal'>(0, systemRandom.bytes(10)), name: 'a', grants: [] };

test('more waiting tasks than the limit are refused with numbers', async () => {
  const db = await openMemoryDatabase(clock);
  const admit = createAdmission({ db, clock }, { waitingPerClient: 3 });
  await admit(actor, 3);
  await expect(admit(actor, 4)).rejects.toMatchObject({
    code: 'QUOTA_EXCEEDED',
    details: { limit: 3, waiting: 0, asked: 4 },
  });
  await db.close();
});

test('tasks that ended meanwhile make room at once, because a refusal counts anew', async () => {
  const db = await openMemoryDatabase(clock);
  const admit = createAdmission({ db, clock }, { waitingPerClient: 3 });
  await admit(actor, 3);
  await expect(admit(actor, 3)).resolves.toBeUndefined();
  await db.close();
});
