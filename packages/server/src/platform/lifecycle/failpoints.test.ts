import { afterEach, expect, test } from 'vitest';
import { armFailpoint, failpoint } from './failpoints.ts';

const noWait = () => {
  throw new Error('nobody waits here');
};

const noSignal = () => {
  throw new Error('no signal is waited for');
};

afterEach(() => armFailpoint(undefined, { halt: () => {}, wait: noWait, onSignal: noSignal }));

test('halts when its own place is reached for the count-th time, and at every time after that', () => {
  let halts = 0;
  armFailpoint('after_claim:2', { halt: () => (halts += 1), wait: noWait, onSignal: noSignal });

  failpoint('after_claim');
  failpoint('running');
  expect(halts).toBe(0);
  failpoint('after_claim');
  expect(halts).toBe(1);
  failpoint('after_claim');
  expect(halts).toBe(2);
});

test('a delay lets the process live that long after the place', () => {
  const waits: number[] = [];
  let halts = 0;
  const wait = (ms: number, then: () => void) => {
    waits.push(ms);
    then();
  };
  armFailpoint('running:1:7', { halt: () => (halts += 1), wait, onSignal: noSignal });

  failpoint('running');

  expect([waits, halts]).toEqual([[7], 1]);
});

test('counting can begin with a signal', () => {
  let halts = 0;
  let arm = () => {};
  const onSignal = (begin: () => void) => {
    arm = begin;
  };
  armFailpoint('signal@running:1', { halt: () => (halts += 1), wait: noWait, onSignal });

  failpoint('running');
  expect(halts).toBe(0);
  arm();
  failpoint('running');

  expect(halts).toBe(1);
});

test.each(['nowhere:1', 'running:0', 'running:x', 'running:1:-3'])('%s is refused', (text) => {
  expect(() => armFailpoint(text, { halt: () => {}, wait: noWait, onSignal: noSignal })).toThrow(text);
});

test('a million places that are not armed cost no measurable time per task', () => {
  const begun = process.hrtime.bigint();
  for (let index = 0; index < 1_000_000; index += 1) failpoint('after_claim');
  const perReachNs = Number(process.hrtime.bigint() - begun) / 1_000_000;

  expect(perReachNs).toBeLessThan(200);
});
