import { FakeClock } from '@comfleet/test-kit';
import { expect, test } from 'vitest';
import { CoalescedWork } from './coalesced-work.ts';

const nothing = () => undefined;

/** Resolves when all callbacks that are ready have run. */
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

function createStage(work: () => Promise<void>) {
  const clock = new FakeClock();
  const ending = new AbortController();
  const failures: string[] = [];
  const coalesced = new CoalescedWork(work, {
    signal: ending.signal,
    retry: { clock, afterMs: 1000 },
    onFailed: ({ message }) => failures.push(message),
  });
  return { clock, ending, failures, work: coalesced };
}

test('work that is requested many times while it runs is done once more, never twice at once', async () => {
  let runs = 0;
  let finish: () => void = nothing;
  const { work } = createStage(() => {
    runs += 1;
    return new Promise<void>((resolve) => {
      finish = resolve;
    });
  });

  for (let times = 0; times < 3; times += 1) work.request();
  expect(runs).toBe(1);
  finish();
  await settle();
  expect(runs).toBe(2);
  finish();
  await settle();
  expect(runs).toBe(2);
});

test('work that fails is reported and retried after a while, until the end', async () => {
  let runs = 0;
  const { work, clock, ending, failures } = createStage(async () => {
    runs += 1;
    throw new Error(`failure ${runs}`);
  });

  work.request();
  await settle();
  expect(failures).toEqual(['failure 1']);
  await clock.advance(1000);
  await settle();
  expect(failures).toEqual(['failure 1', 'failure 2']);
  ending.abort();
  await settle();
  expect(runs).toBe(2);
});

test('work without a retry that fails is reported, and runs again when it is requested', async () => {
  const failures: string[] = [];
  let runs = 0;
  const work = new CoalescedWork(
    async () => {
      runs += 1;
      throw new Error(`failure ${runs}`);
    },
    { onFailed: ({ message }) => failures.push(message) },
  );

  work.request();
  await settle();
  expect(failures).toEqual(['failure 1']);
  work.request();
  await settle();
  expect(failures).toEqual(['failure 1', 'failure 2']);
});
