import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Stations } from './finish-forecast.ts';

describe('when a task starts', () => {
  test('TQ15 is unknown without a worker that can run it', () => {
    expect(new Stations([]).startOf({ count: 0, meanMs: 10 })).toBeNull();
  });

  test('TQ15 with nothing ahead it starts when the first worker is free', () => {
    expect(new Stations([500, 200, 900]).startOf({ count: 0, meanMs: 1000 })).toBe(200);
  });

  test('TQ15 on one worker it starts after everything ahead', () => {
    expect(new Stations([500]).startOf({ count: 3, meanMs: 1000 })).toBe(3500);
  });

  test('a worker that is free long after the work ahead is done does not count', () => {
    expect(new Stations([0, 1_000_000]).startOf({ count: 3, meanMs: 1000 })).toBe(3000);
  });

  test('is within one run of what really happens, whatever the workers have to do', () => {
    const busy = fc.array(fc.integer({ min: 0, max: 20_000 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(busy, fc.nat({ max: 60 }), fc.integer({ min: 1, max: 5000 }), (freeAt, count, meanMs) => {
        const forecast = new Stations(freeAt).startOf({ count, meanMs }) ?? Number.NaN;

        expect(Math.abs(forecast - serve(freeAt, count, meanMs))).toBeLessThanOrEqual(meanMs);
      }),
    );
  });
});

/** The reference: task by task, each goes to the worker that is free first. */
function serve(freeAt: readonly number[], count: number, meanMs: number): number {
  const workers = [...freeAt];
  for (let task = 0; task < count; task += 1) {
    const first = workers.indexOf(Math.min(...workers));
    workers[first] = (workers[first] ?? 0) + meanMs;
  }
  return Math.min(...workers);
}
