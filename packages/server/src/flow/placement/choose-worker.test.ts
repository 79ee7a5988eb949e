import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BoardTable, createFacts, NEEDS, RULES } from '../../../test/kit/board.ts';
import { decide } from './decide.ts';
import type { PlacementRules, Strategy } from './rules.ts';

/** How often each worker is chosen if no task ends before the next one arrives. */
function countStarts(
  table: BoardTable,
  rules: Partial<PlacementRules>,
  rounds: number,
): Record<string, number> {
  const counts: Record<string, number> = {};
  for (let round = 0; round < rounds; round += 1) {
    table.wait('lane', NEEDS);
    const decision = table.decide(rules);
    if (decision.kind !== 'start') throw new Error('no worker was free');
    const { name } = decision.worker.facts;
    counts[name] = (counts[name] ?? 0) + 1;
    table.board.recordChoice(decision.worker, table.nowMs);
  }
  return counts;
}

/** Pseudo-random numbers that are the same each time. */
function createDraws(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}

describe('strategies', () => {
  test('LB1 least_loaded takes the worker with the smallest share of its slots in use', () => {
    const table = new BoardTable([
      createFacts('half', { slots: 2 }),
      createFacts('quarter', { slots: 4 }),
      createFacts('third', { slots: 3 }),
    ]);
    for (const name of ['half', 'quarter', 'third']) table.send(name, NEEDS);
    table.wait('lane', NEEDS);

    expect(table.step()).toBe('lane on quarter, hot');
  });

  test('LB1 round_robin takes each in turn', () => {
    const table = new BoardTable(['a', 'b', 'c'].map((name) => createFacts(name)));

    expect(countStarts(table, { strategy: 'round_robin' }, 6)).toEqual({ a: 2, b: 2, c: 2 });
  });

  test('LB4 weighted draws by weight and priority, less the more of the slots are in use', () => {
    const table = new BoardTable([
      createFacts('heavy', { weight: 3 }),
      createFacts('light'),
      createFacts('half full', { slots: 2, priority: 10 }),
    ]);
    table.send('half full', NEEDS);
    const counts = countStarts(table, { strategy: 'weighted', random: createDraws(7) }, 5000);

    // 15 : 5 : 10 × ½
    expect((counts.heavy ?? 0) / 5000).toBeCloseTo(0.6, 1);
    expect((counts.light ?? 0) / 5000).toBeCloseTo(0.2, 1);
    expect((counts['half full'] ?? 0) / 5000).toBeCloseTo(0.2, 1);
  });

  test('LB1 random draws evenly', () => {
    const table = new BoardTable(['a', 'b'].map((name) => createFacts(name)));
    const counts = countStarts(table, { strategy: 'random', random: createDraws(3) }, 2000);

    expect((counts.a ?? 0) / 2000).toBeCloseTo(0.5, 1);
  });

  test('LB5 priority_based takes the highest number first, and the least loaded within it', () => {
    const table = new BoardTable([
      createFacts('best, half full', { priority: 9 }),
      createFacts('best', { priority: 9 }),
      createFacts('idle', { priority: 5 }),
    ]);
    table.send('best, half full', NEEDS);
    table.wait('lane', NEEDS);

    expect(table.step({ strategy: 'priority_based' })).toBe('lane on best, hot');
  });

  test('fastest takes the smallest expected finish, and first those that were never measured', () => {
    const table = new BoardTable([createFacts('slow'), createFacts('quick'), createFacts('unknown')]);
    table.send('quick', NEEDS);
    const speeds: Record<string, number | null> = { slow: 5000, quick: 2000, unknown: null };
    const durations = {
      expectedMs: (_key: string, id: string) => speeds[id] ?? null,
      expectedLoadMs: () => null,
    };
    table.wait('first', NEEDS);
    expect(table.step({ strategy: 'fastest', durations })).toBe('first on unknown, hot');
    table.board.removeWorker('unknown' as never);
    table.wait('second', NEEDS);
    expect(table.step({ strategy: 'fastest', durations })).toBe('second on quick, hot');
    table.wait('third', NEEDS);
    expect(table.step({ strategy: 'fastest', durations })).toBe('third on slow, hot');
  });
});

const strategies: Strategy[] = [
  'least_loaded',
  'round_robin',
  'weighted',
  'random',
  'priority_based',
  'fastest',
];

test('LB3 whatever the fleet, the order and the strategy: only a free slot of an online worker is taken', () => {
  const worker = fc.record({
    state: fc.constantFrom('online' as const, 'offline' as const, 'draining' as const),
    slots: fc.integer({ min: 0, max: 3 }),
    load: fc.integer({ min: 0, max: 3 }),
    simulated: fc.boolean(),
    group: fc.constantFrom('primary' as const, 'backup' as const),
  });
  fc.assert(
    fc.property(fc.array(worker, { maxLength: 8 }), fc.constantFrom(...strategies), (workers, strategy) => {
      const table = new BoardTable(workers.map((facts, index) => createFacts(`w${index}`, facts)));
      for (const [index, { load }] of workers.entries())
        for (let prompt = 0; prompt < load; prompt += 1) table.send(`w${index}`, NEEDS);
      table.wait('lane', NEEDS);
      const heads = [...table.heads.values()];
      const decision = decide(table.board, heads, { ...RULES, strategy }, 0);
      const hasReal = workers.some((one) => !one.simulated);
      const usable = workers.filter(
        (one) => one.state === 'online' && one.load < one.slots && !(hasReal && one.simulated),
      );
      if (decision.kind !== 'start') {
        // Only full primary workers keep free backup workers out.
        expect(usable.filter((one) => one.group === 'primary')).toEqual([]);
        return;
      }
      const taken = workers[Number(decision.worker.facts.name.slice(1))];
      expect(usable).toContain(taken);
    }),
  );
});
