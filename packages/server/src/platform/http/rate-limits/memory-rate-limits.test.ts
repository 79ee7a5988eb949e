import { FakeClock } from '@comfleet/test-kit';
import { describe, expect, it } from 'vitest';
import { describeRateLimitStore } from './conformance.ts';
import { MemoryRateLimits } from './memory-rate-limits.ts';

const POLICY = { name: 'test', limit: 100, windowMs: 60_000 };

describeRateLimitStore('memory', async () => {
  const clock = new FakeClock();
  return { store: new MemoryRateLimits(clock), pass: async (ms) => clock.advance(ms) };
});

describe('MemoryRateLimits', () => {
  it('AU11 keeps a bounded number of keys, and those with a used-up limit through a flood of others', async () => {
    const limits = new MemoryRateLimits(new FakeClock(), { maxKeys: 1000 });
    for (let turn = 0; turn < 100; turn += 1) await limits.take('spent', POLICY, 1);

    for (let flood = 0; flood < 20_000; flood += 1) await limits.take(`flood ${flood}`, POLICY, 1);

    expect(limits.size).toBe(1000);
    expect((await limits.take('spent', POLICY, 1)).isAllowed).toBe(false);
  });

  it('forgets the oldest key whose limit is whole again before one that was used', async () => {
    const clock = new FakeClock();
    const limits = new MemoryRateLimits(clock, { maxKeys: 2 });
    await limits.take('whole again', POLICY, 1);
    clock.advance(1000);
    await limits.take('used', POLICY, 50);

    await limits.take('new', POLICY, 1);

    expect((await limits.take('used', POLICY, 1)).remaining).toBe(49);
  });
});
