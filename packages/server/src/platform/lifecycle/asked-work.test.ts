import { FakeClock } from '@comfleet/test-kit';
import { expect, test } from 'vitest';
import { AskedWork } from './asked-work.ts';

const nothing = () => undefined;

/** Resolves when everything that is ready to run has run. */
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

function createStage(work: () => Promise<void>) {
  const clock = new FakeClock();
  const ending = new AbortController();
  const failures: string[] = [];
  const asked = new AskedWork(work, {
    clock,
    signal: ending.signal,
    retryMs: 1000,
    onFailed: ({ message }) => failures.push(message),
  });
  return { clock, ending, failures, asked };
}

test('work that is asked for many times while it goes on is done once more, never twice at once', async () => {
  let runs = 0;
  let finish: () => void = nothing;
  const { asked } = createStage(() => {
    runs += 1;
    return new Promise<void>((resolve) => {
      finish = resolve;
    });
  });

  for (let times = 0; times < 3; times += 1) asked.ask();
  expect(runs).toBe(1);
  finish();
  await settle();
  expect(runs).toBe(2);
  finish();
  await settle();
  expect(runs).toBe(2);
});

test('work that fails is told and tried again after a while, until the end', async () => {
  let runs = 0;
  const { asked, clock, ending, failures } = createStage(async () => {
    runs += 1;
    throw new Error(`failure ${runs}`);
  });

  asked.ask();
  await settle();
  expect(failures).toEqual(['failure 1']);
  await clock.advance(1000);
  await settle();
  expect(failures).toEqual(['failure 1', 'failure 2']);
  ending.abort();
  await settle();
  expect(runs).toBe(2);
});
