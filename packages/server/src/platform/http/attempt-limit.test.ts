import { SettlingClock } from '@comfleet/test-kit';
import { expect, test } from 'vitest';
import { AttemptLimit, toLimitKey } from './attempt-limit.ts';

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

test('SE4 an IPv6 host cannot escape its limit by the other addresses of its network', () => {
  const limit = new AttemptLimit(new SettlingClock(), { max: 2, windowMs: 60_000 });
  limit.count('2001:db8:1:2::1');
  limit.count('2001:db8:1:2:ffff:ffff:ffff:ffff');
  expect([limit.allows('2001:db8:1:2::3'), limit.allows('2001:db8:1:3::1')]).toEqual([false, true]);
  limit.uncount('2001:db8:1:2::4');
  expect(limit.allows('2001:db8:1:2::3')).toBe(true);
});

test.each([
  ['2001:0db8:0001:0002::1', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['fe80::', 'fe80:0:0:0::/64'],
  ['1:2:3:4:5:6:7:8', '1:2:3:4::/64'],
  ['1:2:3:4:5:6:192.0.2.1', '1:2:3:4::/64'],
  ['64:ff9b::192.0.2.1', '64:ff9b:0:0::/64'],
  ['192.0.2.1', '192.0.2.1'],
  ['a client', 'a client'],
])('the key of %s is %s', (text, key) => {
  expect(toLimitKey(text)).toBe(key);
});
