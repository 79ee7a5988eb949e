import { describe, expect, test } from 'vitest';
import { type EscalationEvent, type EscalationState, nextEscalation } from './escalation.ts';

const LIMIT: EscalationEvent = { type: 'limit_exceeded' };
const GONE: EscalationEvent = { type: 'gone' };
const OURS: EscalationEvent = { type: 'still_there', canRestart: true };
const FOREIGN: EscalationEvent = { type: 'still_there', canRestart: false };

function run(events: readonly EscalationEvent[]): EscalationState[] {
  const states: EscalationState[] = [{ kind: 'watching' }];
  for (const event of events) states.push(nextEscalation(states.at(-1) ?? { kind: 'watching' }, event));
  return states.slice(1);
}

describe('a hang', () => {
  test('is canceled, memory is freed, our instance restarted, and then it is left', () => {
    expect(run([LIMIT, OURS, OURS, OURS])).toEqual([
      { kind: 'trying', step: 'cancel' },
      { kind: 'trying', step: 'free_memory' },
      { kind: 'trying', step: 'restart' },
      { kind: 'over', outcome: 'left' },
    ]);
  });

  test('on a worker that is not ours ends without a restart', () => {
    expect(run([LIMIT, FOREIGN, FOREIGN]).at(-1)).toEqual({ kind: 'over', outcome: 'left' });
  });

  test.each([0, 1, 2])('stops at step %i once the prompt is gone, and at no later one', (steps) => {
    const states = run([LIMIT, ...Array.from({ length: steps }, () => OURS), GONE, OURS, LIMIT]);

    expect(states.slice(-3)).toEqual(Array.from({ length: 3 }, () => ({ kind: 'over', outcome: 'stopped' })));
  });

  test('does not begin before its limit', () => {
    expect(run([GONE, OURS])).toEqual([{ kind: 'watching' }, { kind: 'watching' }]);
  });
});
