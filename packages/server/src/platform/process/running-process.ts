import type { Clock } from '../time/clock.ts';
import { isAlive, type ProcessIdentity, type ProcessInfo, type ProcessTable } from './process-table.ts';
import type { ProcessExit, SpawnedProcess } from './spawner.ts';

/** A process under our care, started by us or found again. */
export interface RunningProcess {
  readonly pid: number;
  /** Null where the system offers no proof (no /proc). */
  readonly identity: ProcessIdentity | null;
  readonly adopted: boolean;
  /** Always settles. */
  readonly exited: Promise<ProcessExit>;
  /** Signals its group; false, and nothing sent, when it is gone or no longer the same process. */
  signal(signal: NodeJS.Signals): Promise<boolean>;
}

const ADOPTED_POLL_MS = 500;

/** A child of ours: its pid cannot be reused before we saw its exit. */
export async function superviseChild(child: SpawnedProcess, table: ProcessTable): Promise<RunningProcess> {
  let ended = false;
  const exited = child.exited.then((exit) => {
    ended = true;
    return exit;
  });
  return {
    pid: child.pid,
    identity: await table.inspect(child.pid),
    adopted: false,
    exited,
    signal: async (signal) => !ended && table.signalGroup(child.pid, signal),
  };
}

/** A process of an earlier run of ours, proved by its identity before every signal. */
export function adoptProcess(
  info: ProcessInfo,
  { table, clock, signal: stop }: { table: ProcessTable; clock: Clock; signal: AbortSignal },
): RunningProcess {
  const identity = { pid: info.pid, startTicks: info.startTicks, bootId: info.bootId };
  return {
    pid: info.pid,
    identity,
    adopted: true,
    exited: waitForEnd(),
    signal: async (signal) => (await isAlive(table, identity)) && table.signalGroup(info.group, signal),
  };

  async function waitForEnd(): Promise<ProcessExit> {
    while (await isAlive(table, identity)) {
      // Once nobody watches any more, the last thing known is that it lives.
      if (stop.aborted) return new Promise(() => {});
      await clock.sleep(ADOPTED_POLL_MS, stop).catch(() => {});
    }
    return { code: null, signal: null };
  }
}
