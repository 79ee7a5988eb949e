import type { Clock } from '../time/clock.ts';
import {
  isAlive,
  type PoliteSignal,
  type ProcessIdentity,
  type ProcessInfo,
  type ProcessTable,
} from './process-table.ts';
import type { ProcessExit, SpawnedProcess } from './spawner.ts';

/** A supervised process, started by us or adopted. */
export interface RunningProcess {
  readonly pid: number;
  /** Null if it ended at once, or if the system offers no proof (no /proc). */
  readonly identity: ProcessIdentity | null;
  readonly adopted: boolean;
  /** Always settles. */
  readonly exited: Promise<ProcessExit>;
  /** The signals it can be asked to end with, in order. */
  readonly politeSignals: readonly PoliteSignal[];
  /** Signals its group; false, and nothing sent, if it has ended or is no longer the same process. */
  signal(signal: PoliteSignal | 'SIGKILL'): Promise<boolean>;
}

/** Supervises a child: its pid cannot be reused before we saw its exit. One that cannot be inspected is killed. */
export async function superviseChild(child: SpawnedProcess, table: ProcessTable): Promise<RunningProcess> {
  let ended = false;
  const exited = child.exited.then((exit) => {
    ended = true;
    return exit;
  });
  return {
    pid: child.pid,
    identity: await inspectOrKill(child.pid, table),
    adopted: false,
    exited,
    politeSignals: table.politeSignals,
    signal: async (signal) => !ended && table.signalGroup(child.pid, signal),
  };
}

/** An unidentified process could not be adopted later, and would hold its port forever. */
async function inspectOrKill(pid: number, table: ProcessTable): Promise<ProcessIdentity | null> {
  try {
    return await table.inspect(pid);
  } catch (thrown) {
    await table.signalGroup(pid, 'SIGKILL');
    throw thrown;
  }
}

/** Adopts a process of an earlier run; its identity is checked before every signal. */
export function adoptProcess(
  info: ProcessInfo,
  { table, clock, signal: stop }: { table: ProcessTable; clock: Clock; signal: AbortSignal },
): RunningProcess {
  const identity = { pid: info.pid, startStamp: info.startStamp, bootId: info.bootId };
  return {
    pid: info.pid,
    identity,
    adopted: true,
    exited: waitForEnd(),
    politeSignals: table.politeSignals,
    signal: async (signal) => (await isAlive(table, identity)) && table.signalGroup(info.group, signal),
  };

  async function waitForEnd(): Promise<ProcessExit> {
    while (await mayBeAlive(table, identity)) {
      // Once watching has stopped, it counts as alive.
      if (stop.aborted) return new Promise(() => {});
      await clock.sleep(table.pollMs, stop).catch(() => {});
    }
    return { code: null, signal: null };
  }
}

async function mayBeAlive(table: ProcessTable, identity: ProcessIdentity): Promise<boolean> {
  try {
    return await isAlive(table, identity);
  } catch {
    return true; // the system did not report: the next check queries again
  }
}
