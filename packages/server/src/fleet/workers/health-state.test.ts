import { describe, expect, it } from 'vitest';
import { describeHealth, type HealthResult, type HealthState, nextHealthState } from './health-state.ts';

const rules = { rise: 2, fall: 3, busyLimitMs: 30_000 };
const ok: HealthResult = { kind: 'ok', latencyMs: 4, version: '0.3.64' };
const refused: HealthResult = { kind: 'refused' };
const timeout: HealthResult = { kind: 'timeout', afterMs: 10_000 };

function run(
  results: readonly HealthResult[],
  options: { busy?: boolean; stepMs?: number } = {},
): HealthState[] {
  let state: HealthState = { kind: 'unknown' };
  return results.map((result, index) => {
    const event = { result, atMs: index * (options.stepMs ?? 1000), busy: options.busy ?? false };
    state = nextHealthState(state, event, rules);
    return state;
  });
}

describe('nextHealthState', () => {
  it('takes the first success at once', () => {
    expect(run([ok]).map((state) => state.kind)).toEqual(['online']);
  });

  it('HR13 brings a worker that was down at the start into service with its first answer', () => {
    expect(run([refused, refused, ok]).map((state) => state.kind)).toEqual(['offline', 'offline', 'online']);
  });

  it('falls after three failures in a row and rises after two successes', () => {
    const states = run([ok, refused, refused, refused, ok, ok]);
    expect(states.map((state) => state.kind)).toEqual([
      'online',
      'online',
      'online',
      'offline',
      'offline',
      'online',
    ]);
  });

  it('forgets failures after a success between them', () => {
    const states = run([ok, refused, refused, ok, refused, refused]);
    expect(states.at(-1)).toEqual({ kind: 'online', failures: 2, failingSinceMs: 4000 });
  });

  it('lets a busy worker time out for thirty seconds', () => {
    const states = run([ok, timeout, timeout, timeout, timeout], { busy: true, stepMs: 9_000 });
    expect(states.map((state) => state.kind)).toEqual(['online', 'online', 'online', 'online', 'offline']);
  });

  it('takes an idle worker out after three time-outs', () => {
    expect(run([ok, timeout, timeout, timeout]).at(-1)?.kind).toBe('offline');
  });

  it('does not wait for a busy worker whose port refuses', () => {
    expect(run([ok, refused, refused, refused], { busy: true }).at(-1)?.kind).toBe('offline');
  });

  it('takes a process that was seen to end out at once', () => {
    expect(run([ok, { kind: 'gone', reason: 'ended by SIGKILL' }]).at(-1)).toEqual({
      kind: 'offline',
      successes: 0,
      seen: true,
      reason: 'ended by SIGKILL',
    });
  });

  it('HR2 does not take a stranger on the port for a worker', () => {
    expect(run([ok, { kind: 'invalid_body' }]).at(-1)?.kind).toBe('error');
  });

  it('needs two successes after a stranger had the port', () => {
    expect(run([ok, { kind: 'invalid_body' }, ok, ok]).map((state) => state.kind)).toEqual([
      'online',
      'error',
      'offline',
      'online',
    ]);
  });
});

describe('describeHealth', () => {
  it.each<[HealthResult, string]>([
    [ok, 'answered in 4 ms'],
    [{ kind: 'bad_status', status: 502 }, 'answered with HTTP status 502'],
    [refused, 'the connection was refused: nothing listens on this address'],
    [timeout, 'no answer within 10000 ms'],
    [{ kind: 'invalid_body' }, 'something answers on this address, but it is not ComfyUI'],
    [{ kind: 'other_process' }, 'another ComfyUI than ours answers on this address'],
    [
      { kind: 'too_old', version: '0.3.40', floor: '0.3.57' },
      'ComfyUI 0.3.40 is older than 0.3.57, the first with targeted interrupt',
    ],
    [{ kind: 'failed', message: 'certificate has expired' }, 'certificate has expired'],
  ])('tells %j apart', (result, sentence) => {
    expect(describeHealth(result)).toBe(sentence);
  });
});
