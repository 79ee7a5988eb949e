import { expect, test } from 'vitest';
import { cutRecord } from './cut-tree.ts';

test('what fits is kept as it is', () => {
  const record = { a: [1, 'x', null, { b: true }], c: {} };
  expect(cutRecord(record)).toEqual(record);
});

test('what does not fit is counted, and texts are cut with a mark', () => {
  const members = Object.fromEntries(Array.from({ length: 100_000 }, (_, at) => [`n${at}`, 'no']));
  const kept = cutRecord(members, 1000);
  expect(Object.keys(kept).length).toBeLessThan(50);
  expect(kept['…']).toBe(`${100_001 - Object.keys(kept).length} more`);
  expect(cutRecord({ a: 'x'.repeat(5000) }, 1000)).toEqual({
    a: expect.stringMatching(/^x+ … \(cut: 4\.0 kB more\)$/),
  });
});
