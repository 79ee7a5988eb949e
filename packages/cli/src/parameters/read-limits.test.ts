import { expect, test } from 'vitest';
import { readLimits } from './read-limits.ts';

test('limits are numbers, sizes with a unit, or none', () => {
  expect(readLimits(['tasks_per_day=50', 'stored_bytes=1.5TB', 'tasks_waiting=unlimited'])).toEqual({
    tasks_per_day: 50,
    stored_bytes: 1_500_000_000_000,
    tasks_waiting: null,
  });
});

test.each([
  'tasks=5',
  'tasks_per_day',
  'tasks_per_day=',
  'tasks_per_day=5k',
  'tasks_per_day=1.5',
  'stored_bytes=-1',
  'stored_bytes=9000000TB',
])('%s is refused with the limits that there are', (word) => {
  expect(() => readLimits([word])).toThrow('tasks_per_day, tasks_total, tasks_waiting');
});
