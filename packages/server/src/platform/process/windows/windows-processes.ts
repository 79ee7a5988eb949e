import { win32 } from 'node:path';
import type { ProcessInfo, ProcessTable } from '../process-table.ts';
import type { RunCommand } from '../run-command.ts';
import { type Kill, sendSignal } from '../send-signal.ts';
import { splitCommandLine } from './split-command-line.ts';
import {
  findMarkedTrees,
  parseWin32Processes,
  type Win32Process,
  writeProcessScript,
} from './win32-process.ts';

/** A check starts PowerShell, which takes about a second. */
const POLL_MS = 5000;
/** With a start time to 100 ns no pid repeats, so boots need not be distinguished. */
const NO_BOOT_ID = 'none';
const TASKKILL_GONE = 128;

/**
 * The processes of a Windows machine, by its own tools: PowerShell lists them, taskkill ends a tree. None can be asked to end:
 * Ctrl-C and Ctrl-Break reach only processes of the sender's console, and one that is to outlive us has none. Other processes'
 * environments are not readable, so a mark is searched in command lines: what an ended process left is found only if it has it.
 */
export function createWindowsProcesses(run: RunCommand, kill: Kill, systemRoot: string): ProcessTable {
  const programs = win32.join(systemRoot, 'System32');
  const powershell = win32.join(programs, 'WindowsPowerShell', 'v1.0', 'powershell.exe');
  const list = async (pid: number | null): Promise<Win32Process[]> => {
    const script = writeProcessScript(pid);
    const result = await run(powershell, ['-NoProfile', '-NonInteractive', '-Command', script]);
    if (result.code === 0) return parseWin32Processes(result.stdout);
    throw new Error(`PowerShell ended with exit code ${result.code}: ${result.stderr.trim()}`);
  };
  return {
    politeSignals: [],
    pollMs: POLL_MS,
    inspect: async (pid) => {
      const [found] = await list(pid);
      return found ? toInfo(found, found.pid) : null;
    },
    findMarked: async (_name, value) => {
      const others = (await list(null)).filter(({ pid }) => pid !== process.pid);
      return findMarkedTrees(others, value).map(({ process: one, root }) => toInfo(one, root));
    },
    kill: (pid) => sendSignal(kill, pid, 'SIGKILL'),
    signalGroup: async (root) => {
      const { code, stderr } = await run(win32.join(programs, 'taskkill.exe'), [
        '/PID',
        `${root}`,
        '/T',
        '/F',
      ]);
      if (code === 0) return true;
      // Parts of the tree may have ended by themselves: only its root counts.
      if (code === TASKKILL_GONE || !sendSignal(kill, root, 0)) return false;
      throw new Error(`taskkill ended with exit code ${code}: ${stderr.trim()}`);
    },
  };
}

function toInfo({ pid, started, command }: Win32Process, group: number): ProcessInfo {
  return { pid, group, startStamp: started, bootId: NO_BOOT_ID, commandLine: splitCommandLine(command) };
}
