import { plainText } from '@comfleet/contract';
import { toFleetSentence } from '@comfleet/contract/texts/fleet';
import { describe, expect, it } from 'vitest';
import { describeExit, type InstanceEvent, type InstanceState, nextInstanceState } from './instance-state.ts';

const stopped: InstanceState = { kind: 'stopped', reason: null, starts: [] };
const start = (atMs: number, requested = false): InstanceEvent => ({ type: 'started', atMs, requested });
const end = (atMs: number, fraction = 0.5, rebooted = false): InstanceEvent => ({
  type: 'ended',
  atMs,
  reason: 'ended with exit code 1',
  rebooted,
  fraction,
});

function run(events: readonly InstanceEvent[], from: InstanceState = stopped): InstanceState {
  return events.reduce((state, event) => nextInstanceState(state, event), from);
}

describe('nextInstanceState', () => {
  it('starts, answers, and is ready', () => {
    expect(run([start(0, true), { type: 'answered', atMs: 900 }])).toEqual({
      kind: 'ready',
      sinceMs: 900,
      starts: [0],
    });
  });

  it.each([
    [1, 500],
    [2, 1000],
    [3, 2000],
    [4, 4000],
  ])('waits after start %i half of its doubling ceiling', (starts, delayMs) => {
    let state: InstanceState = stopped;
    for (let count = 1; count <= starts; count += 1) state = run([start(count), end(count)], state);
    expect(state).toMatchObject({ kind: 'waiting', retryAtMs: starts + delayMs });
  });

  it('never waits longer than a minute', () => {
    const rules = { firstDelayMs: 1000, maxDelayMs: 60_000, maxStarts: 50, windowMs: 1e9, halfOpenMs: 1 };
    let state: InstanceState = stopped;
    for (let count = 1; count <= 20; count += 1) {
      state = nextInstanceState(nextInstanceState(state, start(0), rules), end(0, 0.999), rules);
    }
    expect(state).toMatchObject({ kind: 'waiting', retryAtMs: 59_940 });
  });

  it('H1 is a crash loop after five starts within five minutes', () => {
    const events = [0, 10, 20, 30, 40].flatMap((seconds) => [start(seconds * 1000), end(seconds * 1000 + 1)]);
    expect(run(events)).toEqual({
      kind: 'crash_looping',
      retryAtMs: 40_001 + 900_000,
      reason: 'ended with exit code 1',
      starts: [0, 10_000, 20_000, 30_000, 40_000],
    });
  });

  it('is no crash loop when the starts are spread over more than five minutes', () => {
    const events = [0, 100, 200, 301, 402].flatMap((seconds) => [
      start(seconds * 1000),
      end(seconds * 1000 + 1),
    ]);
    expect(run(events).kind).toBe('waiting');
  });

  it('leaves a crash loop when a user asks, with a clean record', () => {
    const events = [0, 1, 2, 3, 4].flatMap((ms) => [start(ms), end(ms)]);
    expect(run([...events, start(50, true)])).toEqual({ kind: 'starting', sinceMs: 50, starts: [50] });
  });

  it('H14 does not count a reboot requested by the Manager', () => {
    const ready = run([start(0, true), { type: 'answered', atMs: 1 }]);
    expect(nextInstanceState(ready, end(5, 0.5, true))).toEqual({
      kind: 'starting',
      sinceMs: 5,
      starts: [5],
    });
  });

  it('stays stopped after a requested stop', () => {
    expect(run([start(0, true), { type: 'stop_requested', thenStart: false }, end(9)])).toEqual({
      kind: 'stopped',
      reason: plainText('exit.by_request'),
      starts: [],
    });
  });

  it('starts again after the stop of a restart', () => {
    const state = run([start(0, true), { type: 'stop_requested', thenStart: true }, end(9)]);
    expect(state).toEqual({ kind: 'starting', sinceMs: 9, starts: [9] });
  });

  it('ends a back-off at once when asked to stop', () => {
    expect(run([start(0), end(1), { type: 'stop_requested', thenStart: false }]).kind).toBe('stopped');
  });

  it.each<InstanceEvent>([
    { type: 'answered', atMs: 1 },
    end(1),
    { type: 'stop_requested', thenStart: true },
  ])('leaves a stopped instance untouched by %j', (event) => {
    expect(nextInstanceState(stopped, event)).toBe(stopped);
  });

  it('does not start twice', () => {
    const starting = run([start(0, true)]);
    expect(nextInstanceState(starting, start(5, true))).toBe(starting);
  });
});

describe('describeExit', () => {
  it.each([
    [{ code: 1, signal: null }, 'ended with exit code 1'],
    [{ code: null, signal: 'SIGTERM' as const }, 'ended by SIGTERM'],
    [
      { code: null, signal: 'SIGKILL' as const },
      'ended by SIGKILL: by hand, or by the system when memory ran out',
    ],
    [{ code: null, signal: null }, 'ended while it was not our child; its exit code is unknown'],
  ])('%j: %s', (exit, sentence) => {
    expect(toFleetSentence(describeExit(exit))).toBe(sentence);
  });
});
