import { FakeClock } from '@comfleet/test-kit';
import { expect, test } from 'vitest';
import { createTurns } from './turns.ts';

test('long work gives way once its turn has lasted long enough, and then has a whole turn again', async () => {
  const clock = new FakeClock();
  const turns = createTurns(clock, 10);
  const passed: number[] = [];
  const work = async () => {
    for (let piece = 1; piece <= 6; piece += 1) {
      clock.advance(4);
      await turns.next();
      passed.push(piece);
    }
  };

  const done = work();
  await Promise.resolve().then(() => Promise.resolve());
  await new Promise(setImmediate);
  expect(passed).toEqual([1, 2]);
  clock.advance(0);
  await new Promise(setImmediate);
  expect(passed).toEqual([1, 2, 3, 4, 5]);
  clock.advance(0);
  await done;
  expect(passed).toEqual([1, 2, 3, 4, 5, 6]);
});
