import type { CommandLine } from './command-line.ts';

/** Proves that a pid is still the same process: a reused pid differs in start time, a reboot in boot id. */
export interface ProcessIdentity {
  pid: number;
  /** Its start time in the system's own format; only compared. */
  startStamp: string;
  bootId: string;
}

export interface ProcessInfo extends ProcessIdentity {
  /** Its process group; on Windows the topmost known process of its tree. */
  group: number;
  commandLine: CommandLine;
}

/** Signals that request a process to end; ComfyUI cleans up and exits 0 on SIGINT. */
export type PoliteSignal = 'SIGINT' | 'SIGTERM';

/** The processes of this machine, as far as the system shows and identifies them. */
export interface ProcessTable {
  /** In the order to be tried before a kill; empty if processes cannot be asked to end. */
  readonly politeSignals: readonly PoliteSignal[];
  /** Interval between checks of a process that is not our child, in milliseconds; a check may start a program. */
  readonly pollMs: number;
  /** The living process with this pid; null if there is none. Rejects if the system did not report it. */
  inspect(pid: number): Promise<ProcessInfo | null>;
  /** Living processes started with NAME=value in their environment, grandchildren included, this one excluded. */
  findMarked(name: string, value: string): Promise<ProcessInfo[]>;
  /** Kills one process; false if it has ended. Check its identity first. */
  kill(pid: number): boolean;
  /** Signals a whole process group; false if it is empty. Check its leader's identity first. */
  signalGroup(group: number, signal: PoliteSignal | 'SIGKILL'): Promise<boolean>;
}

/** True if the pid is still that very process. */
export async function isAlive(table: ProcessTable, identity: ProcessIdentity): Promise<boolean> {
  const found = await table.inspect(identity.pid);
  return found !== null && found.startStamp === identity.startStamp && found.bootId === identity.bootId;
}
