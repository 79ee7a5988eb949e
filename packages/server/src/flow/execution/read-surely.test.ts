import { expect, test } from 'vitest';
import { AppError } from '../../platform/errors/app-error.ts';
import { silentLogger } from '../../platform/logging/logger.ts';
import type { Clock } from '../../platform/time/clock.ts';
import { systemClock } from '../../platform/time/clock.ts';
import { readSurely } from './read-surely.ts';

const away = () => new AppError('UNAVAILABLE', { reason: 'no_answer' });

function createDeps() {
  const pauses: number[] = [];
  const clock: Clock = { ...systemClock, sleep: async (ms) => void pauses.push(ms) };
  return { deps: { clock, logger: silentLogger }, pauses };
}

/** A read that fails with each of these in turn, then returns the graph. */
function createRead(...failures: Error[]) {
  return async () => {
    const failure = failures.shift();
    if (failure) throw failure;
    return 'graph';
  };
}

test('F1 what an attempt needs is read again, in growing pauses, until the database answers', async () => {
  const { deps, pauses } = createDeps();
  const read = createRead(...Array.from({ length: 7 }, away));

  expect(await readSurely(deps, new AbortController().signal, read)).toBe('graph');
  expect(pauses).toEqual([200, 400, 800, 1600, 3200, 5000, 5000]);
});

test('any other error ends the attempt at once', async () => {
  const { deps, pauses } = createDeps();
  const read = createRead(new AppError('INTERNAL', null));

  await expect(readSurely(deps, new AbortController().signal, read)).rejects.toMatchObject({
    code: 'INTERNAL',
  });
  expect(pauses).toEqual([]);
});

test('a canceled attempt goes on reading, one that a shutdown interrupts does not', async () => {
  const canceled = new AbortController();
  canceled.abort('canceled');
  expect(await readSurely(createDeps().deps, canceled.signal, createRead(away()))).toBe('graph');

  const stopped = new AbortController();
  stopped.abort('shutdown');
  await expect(readSurely(createDeps().deps, stopped.signal, createRead(away()))).rejects.toMatchObject({
    code: 'UNAVAILABLE',
  });
});
