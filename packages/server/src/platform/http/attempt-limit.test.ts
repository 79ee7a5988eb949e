import { SettlingClock } from '@comfleet/test-kit';
import { expect, test } from 'vitest';
import { AttemptLimit } from './attempt-limit.ts';

test('AU11 a key that used its attempts up waits for the next window, others do not', async () => {
  const clock = new SettlingClock();
  const limit = new AttemptLimit(clock, { max: 2, windowMs: 60_000 });
  limit.count('10.0.0.1');
  expect(limit.allows('10.0.0.1')).toBe(true);
  limit.count('10.0.0.1');
  expect([limit.allows('10.0.0.1'), limit.allows('10.0.0.2')]).toEqual([false, true]);
  await clock.advance(60_000);
  expect(limit.allows('10.0.0.1')).toBe(true);
});
