import { SettlingClock } from '@comfleet/test-kit';
import { beforeEach, expect, test } from 'vitest';
import { openMemoryDatabase } from '../../../../test/kit/memory-database.ts';
import { named } from '../../../../test/kit/named.ts';
import { openConfigStore } from '../../../../test/kit/open-config-store.ts';
import { openSettings } from '../../../app/open-settings.ts';
import type { Tables } from '../../../app/tables.ts';
import type { Database } from '../../../platform/database/database.ts';
import { Balancing } from './balancing.ts';

const ADMIN = named<'principal'>('01900000-0000-7000-8000-0000000000ad');
const FILE = 'nodes: { load_balancing: { strategy: weighted } }';

let database: Database<Tables>;
beforeEach(async () => {
  database = await openMemoryDatabase(new SettlingClock());
});

async function openBalancing(environment = {}) {
  const { store } = openConfigStore(FILE, { environment });
  return new Balancing(store, await openSettings(store, database));
}

test('LB6 a strategy changed at run time wins over the file, is reported, and survives a restart', async () => {
  const balancing = await openBalancing();
  expect(balancing.state).toEqual({ strategy: 'weighted', source: 'file', changed: null });
  await balancing.change('fastest', ADMIN);
  const again = await openBalancing();
  const changed = { principalId: ADMIN, atMs: new SettlingClock().nowMs() };
  expect(again.state).toEqual({ strategy: 'fastest', source: 'run_time', changed });
  await again.change('random', ADMIN);
  await again.change(null, ADMIN);
  expect(again.state).toEqual({ strategy: 'weighted', source: 'file', changed: null });
});

test('LB6 the environment wins over everything, and a change is refused with that reason', async () => {
  await (await openBalancing()).change('random', ADMIN);
  const balancing = await openBalancing({ COMFLEET__NODES__LOAD_BALANCING__STRATEGY: 'round_robin' });
  expect(balancing.state).toEqual({ strategy: 'round_robin', source: 'environment', changed: null });
  await expect(balancing.change('random', ADMIN)).rejects.toMatchObject({
    code: 'CONFLICT',
    details: { owned_by: 'COMFLEET__NODES__LOAD_BALANCING__STRATEGY' },
  });
});
