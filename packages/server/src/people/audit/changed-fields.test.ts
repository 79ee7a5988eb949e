import { expect, test } from 'vitest';
import { changedFields } from './changed-fields.ts';

test.each([
  [{ role: 'viewer', name: 'ada' }, { role: 'admin', name: 'ada' }, { role: 'viewer' }, { role: 'admin' }],
  [null, { role: 'viewer' }, null, { role: 'viewer' }],
  [{ role: 'viewer' }, null, { role: 'viewer' }, null],
  [{ labels: ['a'] }, { labels: ['a'] }, null, null],
  [{ a: 1 }, { a: 1, b: 2 }, { b: null }, { b: 2 }],
  [null, null, null, null],
])('AU13 from %j to %j', (before, after, changedBefore, changedAfter) => {
  expect(changedFields(before, after)).toEqual({ before: changedBefore, after: changedAfter });
});
