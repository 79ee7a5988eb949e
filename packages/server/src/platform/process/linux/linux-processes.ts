import { readdir, readFile } from 'node:fs/promises';
import type { ProcessInfo, ProcessTable } from '../process-table.ts';
import { type Kill, sendSignal } from '../send-signal.ts';
import { parseProcStat } from './proc-stat.ts';

const POLL_MS = 500;

/** The processes of a Linux machine, read from /proc. */
export function createLinuxProcesses(kill: Kill, root = '/proc'): ProcessTable {
  return {
    politeSignals: ['SIGINT', 'SIGTERM'],
    pollMs: POLL_MS,
    inspect: (pid) => inspectProcess(root, pid),
    findMarked: (name, value) => findMarked(root, `${name}=${value}`),
    kill: (pid) => sendSignal(kill, pid, 'SIGKILL'),
    signalGroup: async (group, signal) => sendSignal(kill, -group, signal),
  };
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
  const { group, startStamp } = parsed;
  return { pid, group, startStamp, bootId: bootId.trim(), commandLine: splitNulls(cmdline) };
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
    return null; // the process has ended or is another user's, or this system has no /proc
  }
}

async function listFolder(path: string): Promise<string[]> {
  try {
    return await readdir(path);
  } catch {
    return []; // no /proc
  }
}
