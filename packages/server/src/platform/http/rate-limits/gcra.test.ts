import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { takeRate } from './gcra.ts';

const MINUTE_MS = 60_000;
const MINUTE_US = 60_000_000;
const perMinute = (limit: number) => ({ limit, windowMs: MINUTE_MS });

/** Sends requests at these times, µs; returns which were allowed. */
function send(limit: number, timesUs: readonly number[]): boolean[] {
  let fullAtUs: number | null = null;
  return timesUs.map((nowUs) => {
    const taken = takeRate(fullAtUs, perMinute(limit), { nowUs, cost: 1 });
    fullAtUs = taken.fullAtUs;
    return taken.decision.isAllowed;
  });
}

const count = (allowed: readonly boolean[]) => allowed.filter(Boolean).length;

describe('takeRate', () => {
  it('AU11 allows the whole limit at once and says what is left, and until when', () => {
    expect(takeRate(null, perMinute(100), { nowUs: 0, cost: 1 })).toEqual({
      fullAtUs: 600_000,
      decision: { isAllowed: true, remaining: 99, resetMs: 600, retryMs: 0 },
    });
    expect(takeRate(99 * 600_000, perMinute(100), { nowUs: 0, cost: 1 }).decision).toEqual({
      ...{ isAllowed: true, remaining: 0, resetMs: MINUTE_MS, retryMs: 0 },
    });
  });

  it('AU11 refuses the next one, which costs nothing, until its share of the window has passed', () => {
    const refused = takeRate(MINUTE_US, perMinute(100), { nowUs: 0, cost: 1 });
    expect(refused).toEqual({
      fullAtUs: MINUTE_US,
      decision: { isAllowed: false, remaining: 0, resetMs: MINUTE_MS, retryMs: 600 },
    });
    expect(takeRate(MINUTE_US, perMinute(100), { nowUs: 599_999, cost: 1 }).decision.isAllowed).toBe(false);
    expect(takeRate(MINUTE_US, perMinute(100), { nowUs: 600_000, cost: 1 }).decision.isAllowed).toBe(true);
  });

  it.each([1, 6, 7, 100, 99_991, 100_000])('AU11 allows exactly %i of them at one moment', (limit) => {
    const timesUs = Array.from({ length: limit + 5 }, () => 123_456_789);
    expect(count(send(limit, timesUs))).toBe(limit);
  });

  it('AU11 keeps to a lowered limit, and waits for no more than all of it', () => {
    const { decision } = takeRate(10 * MINUTE_US, perMinute(6), { nowUs: 0, cost: 1 });
    expect(decision).toEqual({ isAllowed: false, remaining: 0, resetMs: MINUTE_MS, retryMs: 10_000 });
  });

  it('a request may cost more, at most the whole limit', () => {
    expect(takeRate(null, perMinute(10), { nowUs: 0, cost: 4 }).decision.remaining).toBe(6);
    expect(takeRate(null, perMinute(10), { nowUs: 0, cost: 40 }).decision).toMatchObject({
      ...{ isAllowed: true, remaining: 0 },
    });
  });

  it('AU11 whatever is sent, never more than the limit and what came back meanwhile is allowed, and a wait is exact', () => {
    const gaps = fc.array(fc.integer({ min: 0, max: 5_000_000 }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), gaps, (limit, waits) => {
        let fullAtUs: number | null = null;
        let nowUs = 0;
        let allowed = 0;
        for (const wait of waits) {
          nowUs += wait;
          const taken = takeRate(fullAtUs, perMinute(limit), { nowUs, cost: 1 });
          fullAtUs = taken.fullAtUs;
          allowed += taken.decision.isAllowed ? 1 : 0;
          expect(allowed).toBeLessThanOrEqual(limit + Math.floor((nowUs * limit) / MINUTE_US));
          if (taken.decision.isAllowed) continue;
          const dueUs = nowUs + Math.round(taken.decision.retryMs * 1000);
          const retry = (atUs: number) => takeRate(fullAtUs, perMinute(limit), { nowUs: atUs, cost: 1 });
          expect(retry(dueUs).decision.isAllowed).toBe(true);
          expect(retry(dueUs - 1).decision.isAllowed).toBe(false);
        }
      }),
    );
  });
});
