import { expect, test } from 'vitest';
import { Gate } from './gate.ts';

const never = new AbortController().signal;

/** Steps that record their start, and end on request. */
function createSteps() {
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const step = (name: string) => async () => {
    begun.push(name);
    await new Promise<void>((resolve) => ends.set(name, resolve));
    if (name === 'bad') throw new Error('bad failed');
    return name;
  };
  return { begun, step, end: (name: string) => ends.get(name)?.() };
}

test('a gate admits a fixed number at once, the others in order, and goes on after a failure', async () => {
  const gate = new Gate(2);
  const { begun, step, end } = createSteps();
  const bad = gate.run(step('bad'), never);
  const [b, c, d] = ['b', 'c', 'd'].map((name) => gate.run(step(name), never));
  await Promise.resolve();
  expect(begun).toEqual(['bad', 'b']);
  end('bad');
  await expect(bad).rejects.toThrow('bad failed');
  expect(begun).toEqual(['bad', 'b', 'c']);
  end('b');
  await b;
  expect(begun).toEqual(['bad', 'b', 'c', 'd']);
  end('c');
  end('d');
  expect(await Promise.all([c, d])).toEqual(['c', 'd']);
});

test('a waiter that leaves a gate does not block the others', async () => {
  const gate = new Gate(1);
  const { begun, step, end } = createSteps();
  const leaving = new AbortController();
  const a = gate.run(step('a'), never);
  const b = gate.run(step('b'), leaving.signal);
  const c = gate.run(step('c'), never);
  leaving.abort(new Error('gone'));
  await expect(b).rejects.toThrow('gone');
  end('a');
  await a;
  expect(begun).toEqual(['a', 'c']);
  end('c');
  await c;
});
