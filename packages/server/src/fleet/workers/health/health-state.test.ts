import { describe, expect, it } from 'vitest';
import type { HealthResult } from './health-result.ts';
import {
  countSlots,
  type HealthEvent,
  type HealthState,
  nextHealthState,
  recordServed,
} from './health-state.ts';

const rules = {
  rise: 2,
  fall: 3,
  busyLimitMs: 30_000,
  quietMs: 600_000,
  firstProbationMs: 30_000,
  maxProbationMs: 300_000,
};
const ok: HealthResult = { kind: 'ok', latencyMs: 4, version: '0.3.64' };
const refused: HealthResult = { kind: 'refused' };
const timeout: HealthResult = { kind: 'timeout', afterMs: 10_000 };

type Step = Pick<HealthEvent, 'result'> & Partial<HealthEvent>;

function walk(steps: readonly Step[], from: HealthState = { kind: 'unknown' }): HealthState[] {
  let state = from;
  return steps.map((step, index) => {
    const event = { atMs: index * 1000, busy: false, slow: false, mayEject: true, ...step };
    state = nextHealthState(state, event, rules);
    return state;
  });
}

function run(
  results: readonly HealthResult[],
  options: { busy?: boolean; stepMs?: number } = {},
): HealthState[] {
  const { busy = false, stepMs = 1000 } = options;
  return walk(results.map((result, index) => ({ result, busy, atMs: index * stepMs })));
}

const kinds = (states: readonly HealthState[]) => states.map((state) => state.kind);

/** A worker that returned at `atMs` after going down for the `count`-th time. */
function returned(atMs: number, count: number): HealthState {
  const falls = { count, untilMs: 0 };
  return { kind: 'online', failures: 0, failingSinceMs: null, returnedAtMs: atMs, served: 0, falls };
}

/** Its states when it goes down at `fellAtMs` and responds again from `backAtMs`. */
function fallAndReturn(state: HealthState, fellAtMs: number, backAtMs: number): HealthState {
  const downs = [0, 1, 2].map((n) => ({ result: refused, atMs: fellAtMs - (2 - n) * 1000 }));
  const ups = [0, 1].map((n) => ({ result: ok, atMs: backAtMs + n * 1000 }));
  return walk([...downs, ...ups], state).at(-1) ?? state;
}

describe('nextHealthState', () => {
  it('takes the first success at once', () => {
    expect(kinds(run([ok]))).toEqual(['online']);
  });

  it('HR13 brings a worker that was down at the start into service with its first answer', () => {
    expect(kinds(run([refused, refused, ok]))).toEqual(['offline', 'offline', 'online']);
  });

  it('HR14 falls after three failures in a row and rises after two successes', () => {
    const states = run([ok, refused, refused, refused, ok, ok]);
    expect(kinds(states)).toEqual(['online', 'online', 'online', 'offline', 'offline', 'online']);
  });

  it('forgets failures after a success between them', () => {
    const states = run([ok, refused, refused, ok, refused, refused]);
    expect(states.at(-1)).toMatchObject({ kind: 'online', failures: 2, failingSinceMs: 4000 });
  });

  it('lets a busy worker time out for thirty seconds', () => {
    const states = run([ok, timeout, timeout, timeout, timeout], { busy: true, stepMs: 9_000 });
    expect(kinds(states)).toEqual(['online', 'online', 'online', 'online', 'offline']);
  });

  it('takes an idle worker out after three time-outs', () => {
    expect(run([ok, timeout, timeout, timeout]).at(-1)?.kind).toBe('offline');
  });

  it('does not wait for a busy worker whose port refuses', () => {
    expect(run([ok, refused, refused, refused], { busy: true }).at(-1)?.kind).toBe('offline');
  });

  it('takes a process that was seen to end out at once, and does not call that flapping', () => {
    const gone: HealthResult = { kind: 'gone', reason: 'ended by SIGKILL' };
    expect(walk([{ result: gone, atMs: 5000 }], returned(0, 1))).toEqual([
      {
        kind: 'offline',
        successes: 0,
        reason: { code: 'check.gone', params: { reason: 'ended by SIGKILL' } },
        falls: { count: 1, untilMs: 0 },
      },
    ]);
  });

  it.each<[HealthResult]>([
    [{ kind: 'invalid_body' }],
    [{ kind: 'other_process' }],
    [{ kind: 'other_server', differences: [] }],
    [{ kind: 'too_old', version: '0.3.40', floor: '0.3.57' }],
    [{ kind: 'stuck', pending: 1, silentMs: 30_000 }],
  ])('HR2 does not use what answers with %j', (result) => {
    expect(run([ok, result]).at(-1)?.kind).toBe('error');
  });

  it('needs two successes after another server had the port', () => {
    expect(kinds(run([ok, { kind: 'invalid_body' }, ok, ok]))).toEqual([
      'online',
      'error',
      'offline',
      'online',
    ]);
  });
});

describe('flapping', () => {
  it('brings a worker back after its first fall without a time out', () => {
    expect(fallAndReturn(walk([{ result: ok }]).at(-1) ?? returned(0, 0), 10_000, 12_000).kind).toBe(
      'online',
    );
  });

  it.each([
    [1, 30],
    [2, 60],
    [3, 120],
    [4, 240],
    [5, 300],
    [9, 300],
  ])('gives a worker with %i falls that falls again soon one prompt at a time for %i s', (falls, seconds) => {
    const state = fallAndReturn(returned(0, falls), 60_000, 61_000);
    const untilMs = 60_000 + seconds * 1000;
    const slotsAt = (nowMs: number) => countSlots(state, { nowMs, growMs: 5_000, maxConcurrent: 3 });
    expect(state).toMatchObject({ kind: 'online', falls: { untilMs } });
    expect([62_000, untilMs, untilMs + 4_999, untilMs + 5_000].map(slotsAt)).toEqual([1, 1, 1, 2]);
  });

  it('forgives after ten quiet minutes', () => {
    const state = fallAndReturn(returned(0, 4), 600_000, 601_000);
    expect(state).toMatchObject({ kind: 'online', falls: { count: 1 } });
  });

  it('grows from its return when it was down longer than that', () => {
    const state = fallAndReturn(returned(0, 1), 60_000, 95_000);
    expect(countSlots(state, { nowMs: 101_000, growMs: 5_000, maxConcurrent: 3 })).toBe(2);
  });
});

describe('a worker far slower than the others', () => {
  it('is kept out for at least half a minute, and as long as it is slow', () => {
    const states = walk(
      [
        { result: ok, atMs: 10_000, slow: true },
        { result: ok, atMs: 39_000 },
        { result: ok, atMs: 40_000, slow: true },
        { result: ok, atMs: 45_000 },
      ],
      returned(0, 0),
    );
    expect(kinds(states)).toEqual(['ejected', 'ejected', 'ejected', 'online']);
  });

  it('is used when it cannot be spared, also before its time is over', () => {
    const [ejected] = walk([{ result: ok, atMs: 10_000, slow: true }], returned(0, 0));
    expect(kinds(walk([{ result: ok, slow: true, mayEject: false }], returned(0, 0)))).toEqual(['online']);
    expect(kinds(walk([{ result: ok, slow: true, atMs: 11_000, mayEject: false }], ejected))).toEqual([
      'online',
    ]);
  });

  it('is offline when it fails, and its time goes on', () => {
    const [ejected] = walk([{ result: ok, atMs: 10_000, slow: true }], returned(0, 0));
    const states = walk([{ result: refused, atMs: 14_000 }], ejected);
    expect(states).toMatchObject([{ kind: 'offline', falls: { count: 1, untilMs: 40_000 } }]);
  });
});

describe('countSlots', () => {
  const limits = { growMs: 5_000, maxConcurrent: 3 };

  it.each([
    [0, 1],
    [4_999, 1],
    [5_000, 2],
    [10_000, 3],
    [60_000, 3],
  ])('%i ms after a return a worker takes %i', (nowMs, slots) => {
    expect(countSlots(returned(0, 1), { ...limits, nowMs })).toBe(slots);
  });

  it.each([
    [1, 3],
    [2, 1],
  ])('a worker with %i falls that has finished two prompts takes %i', (falls, slots) => {
    const served = recordServed(recordServed(returned(0, falls)));
    expect(countSlots(served, { ...limits, nowMs: 0 })).toBe(slots);
  });

  it('forgets prompts that a worker finished before it fell', () => {
    const state = fallAndReturn(recordServed(returned(0, 0)), 700_000, 701_000);
    expect(countSlots(state, { ...limits, nowMs: 701_000 })).toBe(1);
  });

  it('gives all slots to a worker that never fell', () => {
    const [state] = walk([{ result: ok }]);
    expect(state && countSlots(state, { ...limits, nowMs: 0 })).toBe(3);
  });

  it('gives none to a worker that failed its last check, and none to one that is out', () => {
    const [, failing] = run([ok, refused]);
    const [offline] = run([refused]);
    expect(failing && countSlots(failing, { ...limits, nowMs: 0 })).toBe(0);
    expect(offline && countSlots(offline, { ...limits, nowMs: 0 })).toBe(0);
  });
});
