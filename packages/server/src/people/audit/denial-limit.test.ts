import { FakeClock } from '@comfleet/test-kit';
import { expect, test } from 'vitest';
import { DenialLimit } from './denial-limit.ts';

test('AU13 the first five similar refusals have entries, and the next one ten minutes later tells how many had none', () => {
  const clock = new FakeClock();
  const limit = new DenialLimit(clock);
  const admitted = Array.from({ length: 14 }, () => limit.admit('a'));
  clock.advance(600_000);

  expect(admitted).toEqual([...Array.from({ length: 5 }, () => 0), ...Array.from({ length: 9 }, () => null)]);
  expect([limit.admit('a'), limit.admit('a')]).toEqual([9, 0]);
});

test('AU13 refusals of many kinds are limited together', () => {
  const limit = new DenialLimit(new FakeClock());
  const admitted = Array.from({ length: 1000 }, (_, kind) => limit.admit(String(kind)));

  expect(admitted.filter((leftOut) => leftOut !== null)).toHaveLength(600);
});
