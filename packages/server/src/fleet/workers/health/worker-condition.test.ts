import { expect, test } from 'vitest';
import { compileFleetOptions } from '../fleet-options.ts';
import type { HealthResult } from './health-result.ts';
import { isPortClosed, listChanges, nextCondition, UNKNOWN_CONDITION } from './worker-condition.ts';

const { rules } = compileFleetOptions({});
const ok: HealthResult = { kind: 'ok', latencyMs: 4, version: '0.3.64' };
const refused: HealthResult = { kind: 'refused' };

/** Conditions after checks at these times, each with the state of the port and the reported changes. */
function walk(steps: readonly [atMs: number, result: HealthResult][]) {
  let condition = UNKNOWN_CONDITION;
  return steps.map(([atMs, result]) => {
    const event = { result, atMs, busy: true, slow: false, mayEject: true, ours: false };
    const before = condition;
    condition = nextCondition(before, event, rules);
    const changes = listChanges(before, condition, event).map(({ type }) => type);
    return { isClosed: isPortClosed(condition), health: condition.health.kind, changes };
  });
}

test('ST9 a port that refuses twice, half a second apart, is reported as closed, once, before the worker is offline', () => {
  const steps = walk([
    [0, ok],
    [1000, refused],
    [1499, refused],
    [1500, refused],
  ]);

  expect(steps.map(({ isClosed }) => isClosed)).toEqual([false, false, false, true]);
  expect(
    walk([
      [0, ok],
      [1000, refused],
      [1500, refused],
      [2000, refused],
    ]).map(({ changes }) => changes),
  ).toEqual([['online'], [], ['closed'], ['offline', 'recovery']]);
});

test.each<[string, HealthResult]>([
  ['answers', ok],
  ['hangs', { kind: 'timeout', afterMs: 2000 }],
  ['cannot be reached', { kind: 'unreachable' }],
  ['breaks connections', { kind: 'failed', message: 'reset' }],
])('a worker that %s has no closed port, whatever was before', (_what, result) => {
  const steps = walk([
    [0, refused],
    [600, result],
    [1200, refused],
    [1800, result],
    [2400, result],
  ]);

  expect(steps.some(({ isClosed }) => isClosed)).toBe(false);
});
