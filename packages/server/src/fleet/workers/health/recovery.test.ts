import { describe, expect, it } from 'vitest';
import type { HealthResult } from './health-result.ts';
import {
  findRecoveryDelay,
  nextRecovery,
  type Recovery,
  type RecoveryEvent,
  requestsRestart,
} from './recovery.ts';

const rules = {
  selfRecoveryMs: 10_000,
  selfRecoveryEveryMs: 1_000,
  advisedEveryMs: 10_000,
  advisedChecks: 12,
  downEveryMs: 30_000,
  restartAgainMs: 60_000,
};
const refused: HealthResult = { kind: 'refused' };
const stuck: HealthResult = { kind: 'stuck', pending: 1, silentMs: 30_000 };
const ok: HealthResult = { kind: 'ok', latencyMs: 1, version: null };

type Step = Partial<RecoveryEvent> & Pick<RecoveryEvent, 'atMs'>;

function walk(...steps: Step[]): (Recovery | null)[] {
  let recovery: Recovery | null = null;
  return steps.map((step) => {
    recovery = nextRecovery(recovery, { health: 'offline', result: refused, ours: false, ...step }, rules);
    return recovery;
  });
}
const phases = (...steps: Step[]) => walk(...steps).map((recovery) => recovery?.phase ?? null);

describe('recovery', () => {
  it('HR7 waits ten seconds for a worker to come back by itself, then advises the user', () => {
    expect(phases({ atMs: 0 }, { atMs: 9_999 }, { atMs: 10_000 })).toEqual([
      'checking',
      'checking',
      'advised',
    ]);
  });

  it('HR7 requests a restart instead if the process is ours, once a minute', () => {
    const steps = [0, 10_000, 20_000, 69_000, 70_000].map((atMs) => ({ atMs, ours: true }));
    const states = walk(...steps);
    const requested = states.map((state, index) => requestsRestart(states[index - 1] ?? null, state));
    expect(states.map((state) => state?.phase)).toEqual(['checking', ...Array(4).fill('restarting')]);
    expect(requested).toEqual([false, true, false, false, true]);
  });

  it('restarts a process of ours that runs nothing at once', () => {
    expect(phases({ atMs: 0, health: 'error', result: stuck, ours: true })).toEqual(['restarting']);
    expect(phases({ atMs: 0, health: 'error', result: stuck })).toEqual(['checking']);
  });

  it('HR7 checks every second at first, every ten for two minutes, then less often, forever', () => {
    const steps = Array.from({ length: 16 }, (_, n) => ({ atMs: n * 10_000 }));
    const states = walk(...steps);
    expect(states.map((state) => state?.phase)).toEqual([
      'checking',
      ...Array(13).fill('advised'),
      'down',
      'down',
    ]);
    const delays = states.map((state) => findRecoveryDelay(state, { intervalMs: 5_000, rules }));
    expect([delays[0], ...delays.slice(-3)]).toEqual([1_000, 10_000, 30_000, 30_000]);
    expect(findRecoveryDelay(null, { intervalMs: 5_000, rules })).toBe(5_000);
    expect(findRecoveryDelay(states[1] ?? null, { intervalMs: 15_000, rules })).toBe(15_000);
  });

  it('is over when the worker is online, and goes on while it has not answered often enough', () => {
    expect(
      phases({ atMs: 0 }, { atMs: 1_000, result: ok }, { atMs: 2_000, result: ok, health: 'online' }),
    ).toEqual(['checking', 'checking', null]);
  });

  it('has nothing to do for a worker that answers but waits out a time', () => {
    expect(phases({ atMs: 0, result: ok, health: 'ejected' })).toEqual([null]);
  });

  it('remembers when it began and what was found last', () => {
    const [, , last] = walk(
      { atMs: 5 },
      { atMs: 10_010 },
      { atMs: 20_000, result: { kind: 'bad_status', status: 502 } },
    );
    expect(last).toMatchObject({ sinceMs: 5, problem: { kind: 'bad_status', status: 502 } });
  });
});
