import { FakeClock, settle } from '@comfleet/test-kit';
import { describe, expect, it } from 'vitest';
import type { ProcessInfo, ProcessTable } from './process-table.ts';
import { adoptProcess, superviseChild } from './running-process.ts';

const INFO: ProcessInfo = {
  pid: 812,
  group: 812,
  startStamp: 'then',
  bootId: 'boot',
  commandLine: 'python3',
};

/** A process table whose every lookup returns `look()`. */
function openTable(look: () => ProcessInfo | null) {
  const sent: [number, string][] = [];
  const table: ProcessTable = {
    politeSignals: [],
    pollMs: 1000,
    inspect: async () => look(),
    findMarked: async () => [],
    kill: () => true,
    signalGroup: async (group, signal) => {
      sent.push([group, signal]);
      return true;
    },
  };
  return { table, sent };
}

function fail(): never {
  throw new Error('ps did not finish');
}

describe('a process of an earlier run', () => {
  it('H6 H7 has ended when it is gone or another, and not when the system did not say', async () => {
    const looks = [() => INFO, fail, () => INFO, () => ({ ...INFO, startStamp: 'later' })];
    const { table, sent } = openTable(() => (looks.shift() ?? fail)());
    const clock = new FakeClock();
    const running = adoptProcess(INFO, { table, clock, signal: new AbortController().signal });
    let isOver = false;
    void running.exited.then(() => {
      isOver = true;
    });
    for (let look = 1; look <= 3; look += 1) {
      await settle();
      expect(isOver).toBe(false);
      clock.advance(table.pollMs);
    }
    expect(await running.exited).toEqual({ code: null, signal: null });
    expect(sent).toEqual([]);
  });

  it('H7 is never signalled when another process has its pid', async () => {
    const { table, sent } = openTable(() => ({ ...INFO, bootId: 'another' }));
    const clock = new FakeClock();
    const running = adoptProcess(INFO, { table, clock, signal: new AbortController().signal });
    expect(await running.signal('SIGKILL')).toBe(false);
    expect(sent).toEqual([]);
  });
});

it('a child that cannot be looked at is killed, and its start fails', async () => {
  const { table, sent } = openTable(fail);
  const child = { pid: 812, exited: new Promise<never>(() => {}) };
  await expect(superviseChild(child, table)).rejects.toThrow('ps did not finish');
  expect(sent).toEqual([[812, 'SIGKILL']]);
});
