import { FakeClock } from '@comfleet/test-kit';
import { expect, test } from 'vitest';
import { named } from '../../../../test/kit/named.ts';
import { FleetComparison } from './fleet-comparison.ts';
import { UNKNOWN_CONDITION } from './worker-condition.ts';

/** A fleet of workers `name: kind`, those of `away` out of service. */
function openFleet(kinds: Record<string, string | null>, away: readonly string[] = []): FleetComparison {
  const peers = Object.entries(kinds).map(([name, className]) => ({
    id: named<'worker'>(name),
    isOnline: !away.includes(name),
    condition: UNKNOWN_CONDITION,
    inventory: className && {
      objectInfo: { [className]: { input: { required: {} } } },
      classTypes: new Set([className]),
      models: new Map<string, ReadonlySet<string>>(),
    },
    recheckSoon: () => undefined,
  }));
  return new FleetComparison(new FakeClock(), () =>
    peers.map((peer) => ({ ...peer, inventory: peer.inventory || null })),
  );
}

test.each<[string, Record<string, string | null>, string[], boolean]>([
  ['one of two', { own: 'A', b: 'A' }, [], true],
  ['one of three', { own: 'A', b: 'A', c: 'A' }, [], true],
  ['one of four when another is away', { own: 'A', b: 'A', c: 'A', d: 'A' }, ['d'], true],
  ['one of three when another is away', { own: 'A', b: 'A', c: 'A' }, ['c'], false],
  ['the last one in service', { own: 'A', b: 'A' }, ['b'], false],
  ['the only one of its kind', { own: 'A', b: 'B', c: 'B' }, [], false],
  ['one that never reported what it can run', { own: null, b: 'A', c: 'A' }, [], false],
])('ST9 half of the workers that do the same stay in service: %s', (_what, kinds, away, canSpare) => {
  expect(openFleet(kinds, away).canSpare(named('own'))).toBe(canSpare);
});

test.each([
  [1, 5],
  [400, 2000],
])('with %i workers away each is checked every %i ms at most', (count, leastMs) => {
  const names = Array.from({ length: count }, (_value, index) => `away-${index}`);
  const fleet = openFleet(Object.fromEntries([...names, 'here'].map((name) => [name, 'A'])), names);
  expect(fleet.leastAwayMs).toBe(leastMs);
});
