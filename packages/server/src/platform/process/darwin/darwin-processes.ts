import type { ProcessInfo, ProcessTable } from '../process-table.ts';
import type { RunCommand } from '../run-command.ts';
import { type Kill, sendSignal } from '../send-signal.ts';
import { findMarkedPids, parsePsProcesses } from './ps-output.ts';

const POLL_MS = 1000;
const COLUMNS = ['pid', 'pgid', 'stat', 'lstart', 'command'].flatMap((name) => ['-o', `${name}=`]);

/**
 * The processes of a Mac, as `ps` reports them. Signals and groups work as on every Unix. The environment is visible only for
 * programs that the system does not protect, such as Python and its children.
 */
export function createDarwinProcesses(run: RunCommand, kill: Kill): ProcessTable {
  // Changes with each boot, but not with the clock, as the boot time does.
  let bootId: string | null = null;
  const list = async (pids: readonly number[]): Promise<ProcessInfo[]> => {
    const text = await read(run, '/bin/ps', ['-ww', ...COLUMNS, '-p', pids.join(',')]);
    bootId ??= (await read(run, '/usr/sbin/sysctl', ['-n', 'kern.bootsessionuuid'])).trim();
    const known = bootId;
    return parsePsProcesses(text)
      .filter(({ state }) => !state.startsWith('Z'))
      .map(({ pid, group, started, command }) => {
        return { pid, group, startStamp: started, bootId: known, commandLine: command };
      });
  };
  return {
    politeSignals: ['SIGINT', 'SIGTERM'],
    pollMs: POLL_MS,
    inspect: async (pid) => (await list([pid]))[0] ?? null,
    findMarked: async (name, value) => {
      const text = await read(run, '/bin/ps', ['-A', '-ww', '-E', '-o', 'pid=', '-o', 'command=']);
      const pids = findMarkedPids(text, `${name}=${value}`).filter((pid) => pid !== process.pid);
      return pids.length === 0 ? [] : list(pids);
    },
    kill: (pid) => sendSignal(kill, pid, 'SIGKILL'),
    signalGroup: async (group, signal) => sendSignal(kill, -group, signal),
  };
}

/** `ps` exits 1 without output if none of the processes exists. */
async function read(run: RunCommand, program: string, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await run(program, args);
  if (code === 0 || (program === '/bin/ps' && code === 1 && stderr.trim() === '')) return stdout;
  throw new Error(`${program} ended with exit code ${code}: ${stderr.trim()}`);
}
