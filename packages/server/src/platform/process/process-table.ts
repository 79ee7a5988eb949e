import type { CommandLine } from './command-line.ts';

/** Proves that a pid still is the process we mean: a reused pid differs in start, a reboot in boot id. */
export interface ProcessIdentity {
  pid: number;
  /** The system's word for when it started; only ever compared. */
  startStamp: string;
  bootId: string;
}

export interface ProcessInfo extends ProcessIdentity {
  /** Its process group; on Windows the topmost process of its tree that is known. */
  group: number;
  commandLine: CommandLine;
}

/** What a process can be asked to end with; ComfyUI cleans up and exits 0 on SIGINT. */
export type PoliteSignal = 'SIGINT' | 'SIGTERM';

/** The processes of this machine, as far as the system lets us see and prove them. */
export interface ProcessTable {
  /** In the order to be tried before a kill; none where a process cannot be asked. */
  readonly politeSignals: readonly PoliteSignal[];
  /** Between two looks at a process that is not our child, in milliseconds; a look may cost the start of a program. */
  readonly pollMs: number;
  /** The living process with this pid; null when there is none. Rejects when the system did not say. */
  inspect(pid: number): Promise<ProcessInfo | null>;
  /** Living processes started with NAME=value in their environment, grandchildren included, ourselves never. */
  findMarked(name: string, value: string): Promise<ProcessInfo[]>;
  /** Kills one process; false when it is gone. Check its identity first. */
  kill(pid: number): boolean;
  /** Signals a whole process group; false when it is empty. Check its leader's identity first. */
  signalGroup(group: number, signal: PoliteSignal | 'SIGKILL'): Promise<boolean>;
}

/** True when the pid still is that very process. */
export async function isAlive(table: ProcessTable, identity: ProcessIdentity): Promise<boolean> {
  const found = await table.inspect(identity.pid);
  return found !== null && found.startStamp === identity.startStamp && found.bootId === identity.bootId;
}
