import { readdir, readFile } from 'node:fs/promises';
import { parseProcStat } from './proc-stat.ts';

/** Proves that a pid still is the process we mean: a reused pid differs in start time, a reboot in boot id. */
export interface ProcessIdentity {
  pid: number;
  startTicks: string;
  bootId: string;
}

export interface ProcessInfo extends ProcessIdentity {
  /** Its process group. */
  group: number;
  argv: string[];
}

/** The processes of this machine, as far as the system lets us see and prove them. */
export interface ProcessTable {
  /** The living process with this pid; null when there is none or nothing can be proved (no /proc). */
  inspect(pid: number): Promise<ProcessInfo | null>;
  /** Living processes whose environment carries NAME=value, grandchildren included, ourselves never. */
  findMarked(name: string, value: string): Promise<ProcessInfo[]>;
  /** Signals one process; false when it is gone. Check its identity first. */
  signal(pid: number, signal: NodeJS.Signals): boolean;
  /** Signals a whole process group; false when it is empty. Check its leader's identity first. */
  signalGroup(group: number, signal: NodeJS.Signals): boolean;
}

/** The table of a Linux machine, read from /proc; elsewhere it proves nothing, so nothing is ever signalled by a stored pid. */
export function createProcessTable(root = '/proc'): ProcessTable {
  const inspect = (pid: number) => inspectProcess(root, pid);
  return {
    inspect,
    findMarked: (name, value) => findMarked(root, `${name}=${value}`),
    signal: (pid, signal) => sendSignal(pid, signal),
    signalGroup: (group, signal) => sendSignal(-group, signal),
  };
}

/** True when the pid still is that very process. */
export async function isAlive(table: ProcessTable, identity: ProcessIdentity): Promise<boolean> {
  const found = await table.inspect(identity.pid);
  return found !== null && found.startTicks === identity.startTicks && found.bootId === identity.bootId;
}

async function inspectProcess(root: string, pid: number): Promise<ProcessInfo | null> {
  const [stat, cmdline, bootId] = await Promise.all([
    readText(`${root}/${pid}/stat`),
    readText(`${root}/${pid}/cmdline`),
    readText(`${root}/sys/kernel/random/boot_id`),
  ]);
  const parsed = stat === null ? null : parseProcStat(stat);
  if (parsed === null || cmdline === null || bootId === null) return null;
  if (parsed.state === 'Z' || parsed.state === 'X') return null;
  const { group, startTicks } = parsed;
  return { pid, group, startTicks, bootId: bootId.trim(), argv: splitNulls(cmdline) };
}

async function findMarked(root: string, mark: string): Promise<ProcessInfo[]> {
  const found: ProcessInfo[] = [];
  for (const name of await listFolder(root)) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue;
    const environment = await readText(`${root}/${name}/environ`);
    if (environment === null || !splitNulls(environment).includes(mark)) continue;
    const info = await inspectProcess(root, Number(name));
    if (info !== null) found.push(info);
  }
  return found;
}

function splitNulls(text: string): string[] {
  return text.split('\0').filter((item) => item !== '');
}

async function readText(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    return null; // the process is gone, is another user's, or this system has no /proc
  }
}

async function listFolder(path: string): Promise<string[]> {
  try {
    return await readdir(path);
  } catch {
    return []; // no /proc
  }
}

function sendSignal(target: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(target, signal);
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ESRCH') return false;
    throw thrown;
  }
}
