import { describe, expect, test } from 'vitest';
import { named } from '../../../test/kit/named.ts';
import { decideRetryNow, RetryBudget, retryAllowance } from './retry-budget.ts';

describe('the retry budget of the fleet', () => {
  test.each([
    [0, 3],
    [14, 3],
    [20, 4],
    [100, 20],
  ])('P10 with %i running tasks %i retries may be in flight', (running, allowed) => {
    expect(retryAllowance(running)).toBe(allowed);
  });

  test('P10 a retry above the budget asks again within five seconds, not all at the same moment', () => {
    expect(decideRetryNow({ inFlight: 2, running: 1, random: 0.5 })).toEqual({ kind: 'go' });
    expect(decideRetryNow({ inFlight: 3, running: 1, random: 0 })).toEqual({ kind: 'later', delayMs: 1000 });
    expect(decideRetryNow({ inFlight: 3, running: 1, random: 1 })).toEqual({ kind: 'later', delayMs: 5000 });
  });

  test('a fourth retry goes once one of three has ended', () => {
    const budget = new RetryBudget();
    const now = { running: 3, random: 0 };
    for (const id of ['a', 'b', 'c', 'd']) budget.add(named(id));
    const first = ['a', 'b', 'c', 'd'].map((id) => budget.ask(named(id), now).kind);
    budget.remove(named('b'));

    expect(first).toEqual(['go', 'go', 'go', 'later']);
    expect(budget.ask(named('d'), now)).toEqual({ kind: 'go' });
    expect(budget.inFlight).toBe(3);
  });

  test('a task that is moved, not tried again, never waits', () => {
    const budget = new RetryBudget();
    for (const id of ['a', 'b', 'c']) {
      budget.add(named(id));
      budget.ask(named(id), { running: 3, random: 0 });
    }

    expect(budget.ask(named('moved'), { running: 3, random: 0 })).toEqual({ kind: 'go' });
  });
});
