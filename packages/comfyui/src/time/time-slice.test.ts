import { FakeClock } from '@comfleet/test-kit';
import { expect, test } from 'vitest';
import { startTimeSlice } from './time-slice.ts';

test('long work gives way once its turn has lasted long enough, and then has a whole turn again', async () => {
  const clock = new FakeClock();
  // While the thread is blocked, no timer runs.
  let heldMs = 0;
  const held = {
    nowMs: () => clock.nowMs(),
    monotonicMs: () => heldMs,
    sleep: (ms: number) => clock.sleep(ms),
    setTimer: (ms: number, fn: () => void) => clock.setTimer(ms, fn),
  };
  const slice = startTimeSlice(held, 10);
  const passed: number[] = [];
  const work = async () => {
    for (let piece = 1; piece <= 7; piece += 1) {
      heldMs += 4;
      await slice.yieldIfSpent();
      passed.push(piece);
    }
  };

  const done = work();
  await Promise.resolve().then(() => Promise.resolve());
  await new Promise(setImmediate);
  expect(passed).toEqual([1, 2, 3]);
  clock.advance(0);
  await new Promise(setImmediate);
  expect(passed).toEqual([1, 2, 3, 4, 5, 6]);
  clock.advance(0);
  await done;
  expect(passed).toEqual([1, 2, 3, 4, 5, 6, 7]);
});
