import { FakeClock } from '@comfleet/test-kit';
import { expect, test } from 'vitest';
import { compileFleetOptions } from '../fleet-options.ts';
import { HealthTracker } from './health-tracker.ts';

function openTracker({ slow }: { slow: boolean }) {
  const asked = { canSpare: 0 };
  const tracker = new HealthTracker({
    clock: new FakeClock(),
    options: compileFleetOptions({}),
    observe: () => ({
      isBusy: false,
      isOurs: false,
      canSpare: () => {
        asked.canSpare += 1;
        return true;
      },
      isSlow: () => slow,
    }),
    onChange: () => undefined,
  });
  return { tracker, asked };
}

/** Reports latencies that are slow compared to a quick fleet. */
function answerLate(tracker: HealthTracker): void {
  for (let check = 0; check < 20; check += 1)
    tracker.apply({ kind: 'ok', latencyMs: 3000, version: '0.3.64' });
}

test('does not check whether a worker as quick as the others can be spared, because that looks at all of them', () => {
  const { tracker, asked } = openTracker({ slow: false });
  answerLate(tracker);
  expect(asked.canSpare).toBe(0);
});

test('checks it for a worker that is far slower', () => {
  const { tracker, asked } = openTracker({ slow: true });
  answerLate(tracker);
  expect(asked.canSpare).toBeGreaterThan(0);
  expect(tracker.condition.health.kind).toBe('ejected');
});
