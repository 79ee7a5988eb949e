import { expect, test } from 'vitest';
import { FakeClock, SettlingClock } from './fake-clock.ts';

test('timers that come due run in order, each at its own time', () => {
  const clock = new FakeClock();
  const fired: [string, number][] = [];
  clock.setTimer(30, () => fired.push(['late', clock.monotonicMs()]));
  clock.setTimer(10, () => {
    fired.push(['early', clock.monotonicMs()]);
    clock.setTimer(5, () => fired.push(['next', clock.monotonicMs()]));
  });
  clock.setTimer(41, () => fired.push(['never', clock.monotonicMs()]));

  clock.advance(40);

  expect(fired).toEqual([
    ['early', 10],
    ['next', 15],
    ['late', 30],
  ]);
  expect([clock.monotonicMs(), clock.pending]).toEqual([40, 1]);
  expect(new Date(clock.nowMs()).toISOString()).toBe('2026-01-01T00:00:00.040Z');
});

test('a canceled timer and an aborted sleep wait no longer', async () => {
  const clock = new FakeClock();
  const stop = new AbortController();
  clock.setTimer(10, () => expect.unreachable())();
  const sleeping = clock.sleep(10, stop.signal);
  stop.abort(new Error('enough'));

  await expect(sleeping).rejects.toThrow('enough');
  await expect(clock.sleep(10, stop.signal)).rejects.toThrow('enough');
  expect(clock.pending).toBe(0);
});

test('a settling clock lets what one timer causes happen before the next', async () => {
  const clock = new SettlingClock();
  const steps: string[] = [];
  const walk = async () => {
    await clock.sleep(10);
    steps.push(`first at ${clock.monotonicMs()}`);
    await clock.sleep(10);
    steps.push(`second at ${clock.monotonicMs()}`);
  };
  void walk();

  await clock.advance(30);

  expect(steps).toEqual(['first at 10', 'second at 20']);
});
