import { FakeClock } from '@comfleet/test-kit';
import { describe, expect, test } from 'vitest';
import { SilenceWatch } from './silence-watch.ts';

describe('the watch over a running prompt', () => {
  const open = (limitMs: number | null) => {
    const clock = new FakeClock();
    const now = { isRunning: true, canHear: true };
    const watch = new SilenceWatch({
      limitMs,
      clock,
      isRunning: () => now.isRunning,
      isConnected: () => now.canHear,
    });
    let isExceeded = false;
    void watch.exceeded.then(() => {
      isExceeded = true;
    });
    watch.start();
    return { clock, now, watch, isExceeded: () => isExceeded };
  };

  test('fires once its limit has passed without progress', async () => {
    const { clock, isExceeded } = open(3000);
    await clock.advance(2900);
    expect(isExceeded()).toBe(false);
    await clock.advance(200);

    expect(isExceeded()).toBe(true);
  });

  test('starts over with every sign of progress', async () => {
    const { clock, watch, isExceeded } = open(3000);
    await clock.advance(2000);
    watch.recordProgress();
    await clock.advance(2000);

    expect(isExceeded()).toBe(false);
  });

  test.each(['isRunning', 'canHear'] as const)('counts no time in which %s is false', async (which) => {
    const { clock, now, isExceeded } = open(3000);
    now[which] = false;
    await clock.advance(20_000);
    now[which] = true;
    await clock.advance(2000);

    expect(isExceeded()).toBe(false);
  });

  test.each([
    ['has no limit', null],
    ['was stopped', 3000],
  ])('never fires when it %s', async (_case, limitMs) => {
    const { clock, watch, isExceeded } = open(limitMs);
    watch.stop();
    await clock.advance(100_000);

    expect(isExceeded()).toBe(false);
  });
});
