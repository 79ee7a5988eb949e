import { expect, it } from 'vitest';
import { isOutlier, type Latency, nextLatency, sortLatencies } from './latency.ts';

const many = (ms: number): Latency => ({ ms, samples: 5 });

it('follows new answers and forgets old ones', () => {
  let latency: Latency | null = null;
  for (const ms of [100, 100, 200, 200, 200, 200, 200, 200]) latency = nextLatency(latency, ms);
  expect(latency?.ms).toBeGreaterThan(185);
  expect(latency?.ms).toBeLessThan(200);
  expect(latency?.samples).toBe(8);
});

it.each<[string, Latency, Latency[], boolean]>([
  ['more than ten times the median', many(2_100), [many(100), many(200), many(9_000)], true],
  ['ten times the median', many(2_000), [many(100), many(200), many(9_000)], false],
  ['too few answers', { ms: 9_000, samples: 4 }, [many(10), many(10)], false],
  ['others that were not asked often enough', many(9_000), [{ ms: 1, samples: 4 }], false],
  ['nobody else', many(9_000), [], false],
  ['only one other', many(9_000), [many(1)], false],
  ['quick enough for anyone', many(250), [many(1), many(1)], false],
])('calls a worker slow or not: %s', (_why, own, others, expected) => {
  const fleet = others.map((latency, index) => ({ id: `other-${index}`, latency }));
  expect(isOutlier('own', own, sortLatencies(fleet))).toBe(expected);
  expect(isOutlier('own', own, sortLatencies([...fleet, { id: 'own', latency: own }]))).toBe(expected);
});
