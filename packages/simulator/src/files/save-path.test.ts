import { describe, expect, it } from 'vitest';
import type { Clock } from '../platform/clock.ts';
import { createMemoryStore } from './file-store.ts';
import { numberedName, OutsideFolder, planSave } from './save-path.ts';

const CLOCK: Clock = { now: () => 0, monotonicNs: () => 0n, sleep: () => Promise.resolve() };
const SIZE = { width: 64, height: 32, now: Date.UTC(2026, 0, 2, 12) };

describe('planSave', () => {
  it('counts on from the highest number of the same prefix, whatever the extension', () => {
    const store = createMemoryStore(CLOCK);
    store.write('output', 'made_00007_.png', Buffer.from('x'));
    const plan = planSave(store, 'output', 'made', SIZE);
    expect(numberedName(plan, 0, 'webm')).toBe('made_00008_.webm');
  });

  it('puts a prefix with slashes into a subfolder with a counter of its own', () => {
    const store = createMemoryStore(CLOCK);
    store.write('output', 'made_00007_.png', Buffer.from('x'));
    expect(planSave(store, 'output', 'a/b/made', SIZE)).toEqual({
      subfolder: 'a/b',
      name: 'made',
      counter: 1,
    });
  });

  it('fills in sizes and leaves tokens it does not know', () => {
    const plan = planSave(createMemoryStore(CLOCK), 'output', '%width%x%height%-%date:yyyy%', SIZE);
    expect(plan.name).toBe('64x32-%date:yyyy%');
  });

  it.each(['../x', '/etc/x', 'a/../../x'])('refuses %s', (prefix) => {
    expect(() => planSave(createMemoryStore(CLOCK), 'output', prefix, SIZE)).toThrow(OutsideFolder);
  });
});
