import type { Clock } from '../time/clock.ts';
import {
  isAlive,
  type PoliteSignal,
  type ProcessIdentity,
  type ProcessInfo,
  type ProcessTable,
} from './process-table.ts';
import type { ProcessExit, SpawnedProcess } from './spawner.ts';

/** A process under our care, started by us or found again. */
export interface RunningProcess {
  readonly pid: number;
  /** Null when it ended at once, or where the system offers no proof (no /proc). */
  readonly identity: ProcessIdentity | null;
  readonly adopted: boolean;
  /** Always settles. */
  readonly exited: Promise<ProcessExit>;
  /** What it can be asked to end with, in order. */
  readonly politeSignals: readonly PoliteSignal[];
  /** Signals its group; false, and nothing sent, when it is gone or no longer the same process. */
  signal(signal: PoliteSignal | 'SIGKILL'): Promise<boolean>;
}

/** A child of ours: its pid cannot be reused before we saw its exit. One that cannot be looked at is killed. */
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

/** Nobody could prove it ours later, and it would hold its port for ever. */
async function inspectOrKill(pid: number, table: ProcessTable): Promise<ProcessIdentity | null> {
  try {
    return await table.inspect(pid);
  } catch (thrown) {
    await table.signalGroup(pid, 'SIGKILL');
    throw thrown;
  }
}

/** A process of an earlier run of ours, proved by its identity before every signal. */
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
      // Once nobody watches any more, the last thing known is that it lives.
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
    return true; // the system did not say: the next look asks again
  }
}
