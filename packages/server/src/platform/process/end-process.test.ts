import { FakeClock, settle } from '@comfleet/test-kit';
import { describe, expect, it } from 'vitest';
import { endProcess } from './end-process.ts';
import type { PoliteSignal } from './process-table.ts';
import type { RunningProcess } from './running-process.ts';
import type { ProcessExit } from './spawner.ts';

/** A process that ends on one signal only. */
function openProcess(politeSignals: readonly PoliteSignal[], endsOn: string) {
  const sent: string[] = [];
  let end: (exit: ProcessExit) => void = () => {};
  const exited = new Promise<ProcessExit>((resolve) => {
    end = resolve;
  });
  const running: RunningProcess = {
    pid: 812,
    identity: null,
    adopted: false,
    exited,
    politeSignals,
    signal: async (signal) => {
      sent.push(signal);
      if (signal === endsOn) end({ code: null, signal });
      return true;
    },
  };
  return { running, sent };
}

async function end(politeSignals: readonly PoliteSignal[], endsOn: string) {
  const clock = new FakeClock();
  const { running, sent } = openProcess(politeSignals, endsOn);
  const ending = endProcess(running, { clock, interruptGraceMs: 10_000, terminateGraceMs: 1_000 });
  await settle();
  for (const graceMs of [10_000, 1_000]) {
    clock.advance(graceMs);
    await settle();
  }
  return { exit: await ending, sent, pending: clock.pending };
}

describe('a process', () => {
  it.each([
    ['SIGINT', ['SIGINT']],
    ['SIGTERM', ['SIGINT', 'SIGTERM']],
    ['SIGKILL', ['SIGINT', 'SIGTERM', 'SIGKILL']],
  ])('H4 that ends on %s is sent %j', async (endsOn, signals) => {
    const { exit, sent, pending } = await end(['SIGINT', 'SIGTERM'], endsOn);
    expect(sent).toEqual(signals);
    expect(exit).toEqual({ code: null, signal: endsOn });
    expect(pending).toBe(0);
  });

  it('H4 that cannot be asked is killed at once', async () => {
    const { running, sent } = openProcess([], 'SIGKILL');
    const clock = new FakeClock();
    await endProcess(running, { clock, interruptGraceMs: 10_000, terminateGraceMs: 1_000 });
    expect(sent).toEqual(['SIGKILL']);
    expect(clock.monotonicMs()).toBe(0);
  });
});
