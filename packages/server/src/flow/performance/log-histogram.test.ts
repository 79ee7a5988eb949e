import { expect, test } from 'vitest';
import {
  addValue,
  createHistogram,
  findPercentile,
  mergeHistogram,
  readHistogram,
  writeHistogram,
} from './log-histogram.ts';

const fill = (values: readonly number[]) => {
  const histogram = createHistogram();
  for (const value of values) addValue(histogram, value);
  return histogram;
};

test.each([0.5, 0.95, 0.99, 1])(
  'the percentile %d of values over six powers of ten is within 1 %% of the exact one',
  (share) => {
    const values = Array.from({ length: 20_000 }, (_, index) => Math.round(1.0008 ** index * 2));
    const exact = values[Math.ceil(share * values.length) - 1] ?? 0;

    const found = findPercentile(fill(values), share) ?? 0;

    expect(Math.abs(found - exact) / exact).toBeLessThan(0.0101);
  },
);

test('two histograms added are the histogram of all values, also when stored between', () => {
  const [one, other] = [
    [1, 50, 3000],
    [0, 50, 86_400_000],
  ];
  const merged = readHistogram(writeHistogram(fill(one ?? [])));
  mergeHistogram(merged, readHistogram(writeHistogram(fill(other ?? []))));

  const all = fill([...(one ?? []), ...(other ?? [])]);
  expect([merged.count, merged.sumMs]).toEqual([all.count, all.sumMs]);
  expect([...merged.buckets].sort()).toEqual([...all.buckets].sort());
});

test('an empty histogram has no percentile, and a clock that was set back adds 0', () => {
  expect(findPercentile(createHistogram(), 0.5)).toBeNull();
  expect(fill([-5])).toMatchObject({ count: 1, sumMs: 0 });
});
