import type { PromptState } from '@comfleet/comfyui';
import { FakeClock } from '@comfleet/test-kit';
import { expect, test } from 'vitest';
import { limitExecution } from './limit-execution.ts';

/** A prompt with a limit of 2 s, in the phase that the test sets. */
function limit(timeoutMs = 2000, heardMs: (clock: FakeClock) => number | null = () => null) {
  const clock = new FakeClock();
  const prompt: { phase: PromptState['phase'] } = { phase: 'queued' };
  const seen: string[] = [];
  const end = limitExecution({
    promptId: 'p',
    tracker: { find: () => prompt, isRunning: () => false },
    timeoutMs,
    progressAtMs: () => heardMs(clock),
    clock,
    onRunning: () => seen.push('running'),
    onExceeded: () => seen.push('exceeded'),
  });
  return { clock, prompt, seen, end };
}

test('CD24 the limit counts from the start on the worker, not from waiting in its queue', () => {
  const { clock, prompt, seen } = limit();
  clock.advance(60_000);
  expect(seen).toEqual([]);

  prompt.phase = 'running';
  clock.advance(1000);
  expect(seen).toEqual(['running']);
  clock.advance(2000);
  expect(seen).toEqual(['running', 'exceeded']);
});

test('the usual limit counts from the last sign of progress: slow progress is allowed', () => {
  let heardMs: number | null = null;
  const { clock, prompt, seen } = limit(2000, () => heardMs);
  prompt.phase = 'running';
  for (let step = 0; step < 20; step += 1) {
    clock.advance(1000);
    heardMs = clock.monotonicMs();
  }
  expect(seen).toEqual(['running']);
  clock.advance(2000);
  expect(seen).toEqual(['running', 'exceeded']);
});

test('downloading its files does not count as the prompt’s time', () => {
  const { clock, prompt, seen } = limit();
  prompt.phase = 'running';
  clock.advance(1000);
  prompt.phase = 'ended';
  clock.advance(60_000);

  expect(seen).toEqual(['running']);
});

test('nothing is exceeded once the watch has ended, nor without a limit', () => {
  const [ended, unlimited] = [limit(), limit(0)];
  ended.end();
  for (const { clock, prompt } of [ended, unlimited]) {
    prompt.phase = 'running';
    clock.advance(60_000);
  }

  expect([ended.seen, unlimited.seen]).toEqual([[], []]);
});
