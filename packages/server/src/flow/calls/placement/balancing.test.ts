import { SettlingClock } from '@comfleet/test-kit';
import { beforeEach, expect, test } from 'vitest';
import { openMemoryDatabase } from '../../../../test/kit/memory-database.ts';
import { named } from '../../../../test/kit/named.ts';
import { parseConfig } from '../../../app/settings.ts';
import type { Tables } from '../../../app/tables.ts';
import { openOverlay } from '../../../platform/config/overlay.ts';
import type { Database } from '../../../platform/database/database.ts';
import { Balancing } from './balancing.ts';

const ADMIN = named<'principal'>('01900000-0000-7000-8000-0000000000ad');
const FILE = 'nodes: { load_balancing: { strategy: weighted } }';

let database: Database<Tables>;
beforeEach(async () => {
  database = await openMemoryDatabase(new SettlingClock());
});

function read(text: string, environment = {}) {
  return { current: parseConfig(text, { file: null, environment, cwd: '/' }).config };
}

test('LB6 a strategy changed at run time wins over the file, is reported, and survives a restart', async () => {
  const balancing = new Balancing(read(FILE), await openOverlay(database));
  const reported: string[] = [];
  balancing.onChange(() => reported.push(balancing.strategy));
  expect(balancing.state).toEqual({ strategy: 'weighted', source: 'file', changed: null });
  await balancing.change('fastest', ADMIN);
  const again = new Balancing(read(FILE), await openOverlay(database));
  const changed = { principalId: ADMIN, atMs: new SettlingClock().nowMs() };
  expect(again.state).toEqual({ strategy: 'fastest', source: 'run_time', changed });
  await again.change('random', ADMIN);
  await again.change(null, ADMIN);
  expect([again.strategy, again.state.source, reported]).toEqual(['weighted', 'file', ['fastest']]);
});

test('LB6 the environment wins over everything, and a change is refused with that reason', async () => {
  const overlay = await openOverlay(database);
  await new Balancing(read(FILE), overlay).change('random', ADMIN);
  const environment = { COMFLEET__NODES__LOAD_BALANCING__STRATEGY: 'round_robin' };
  const balancing = new Balancing(read(FILE, environment), overlay);
  expect(balancing.state).toEqual({ strategy: 'round_robin', source: 'environment', changed: null });
  await expect(balancing.change('random', ADMIN)).rejects.toMatchObject({
    code: 'CONFLICT',
    details: { owned_by: 'COMFLEET__NODES__LOAD_BALANCING__STRATEGY' },
  });
});

test('a stored strategy that this program does not know is ignored', async () => {
  const overlay = await openOverlay(database);
  await overlay.set('placement.strategy', 'telepathy', ADMIN);
  expect(new Balancing(read(FILE), overlay).strategy).toBe('weighted');
});
