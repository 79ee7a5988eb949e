import { describe, expect, it } from 'vitest';
import type { CommandResult, RunCommand } from '../run-command.ts';
import { parseWin32Processes, writeProcessScript } from './win32-process.ts';
import { createWindowsProcesses } from './windows-processes.ts';

const LAUNCHER = {
  pid: 4120,
  parent: 988,
  started: '133774870781234567',
  command:
    '"C:\\My ComfyUI\\venv\\Scripts\\python.exe" main.py --temp-directory "C:\\图片 data\\instances\\0193" --port 8188',
};
/** The Python that the launcher of a virtual environment starts, with the same arguments. */
const PYTHON = { ...LAUNCHER, pid: 5004, parent: 4120, started: '133774870781300000' };
const FFMPEG = { pid: 6310, parent: 5004, started: '133774870990000000', command: 'ffmpeg -i in.mp4' };
/** Its parent's pid was reused: that process is younger than it. */
const STRANGER = { pid: 7001, parent: 5004, started: '133774800000000000', command: 'notepad.exe' };
const IDLE = { pid: 0, parent: 0, started: null, command: null };

const answer = (stdout: string): CommandResult => ({ code: 0, stdout, stderr: '' });

/** A Windows whose programs return what the test gives. */
function openWindows(result: CommandResult, isThere = true) {
  const commands: string[][] = [];
  const signals: [number, string | number][] = [];
  const run: RunCommand = async (program, args) => {
    commands.push([program, ...args]);
    return result;
  };
  const kill = (pid: number, signal: NodeJS.Signals | 0): true => {
    if (!isThere) throw Object.assign(new Error('kill ESRCH'), { code: 'ESRCH' });
    signals.push([pid, signal]);
    return true;
  };
  return { table: createWindowsProcesses(run, kill, 'D:\\Windows'), commands, signals };
}

describe('processes of Windows', () => {
  it('are listed by PowerShell, with their start to 100 ns and their arguments apart', async () => {
    const { table, commands } = openWindows(answer(`\uFEFF${JSON.stringify([LAUNCHER])}\r\n`));
    expect(await table.inspect(4120)).toEqual({
      pid: 4120,
      group: 4120,
      startStamp: '133774870781234567',
      bootId: 'none',
      commandLine: [
        'C:\\My ComfyUI\\venv\\Scripts\\python.exe',
        ...['main.py', '--temp-directory', 'C:\\图片 data\\instances\\0193', '--port', '8188'],
      ],
    });
    expect(commands).toEqual([
      [
        'D:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe',
        ...['-NoProfile', '-NonInteractive', '-Command', writeProcessScript(4120)],
      ],
    ]);
  });

  it('one that is gone is none', async () => {
    expect(await openWindows(answer('[]\r\n')).table.inspect(4120)).toBeNull();
  });

  it('a PowerShell that fails says nothing of the process', async () => {
    const { table } = openWindows({ code: 1, stdout: '', stderr: 'Get-CimInstance : Access denied' });
    await expect(table.inspect(4120)).rejects.toThrow('Get-CimInstance : Access denied');
  });

  it('those that name a mark are found with what they started, each with the root of its tree', async () => {
    const ourselves = { ...LAUNCHER, pid: process.pid };
    const all = [IDLE, FFMPEG, PYTHON, STRANGER, LAUNCHER, ourselves];
    const { table } = openWindows(answer(JSON.stringify(all)));
    const found = await table.findMarked('COMFLEET_INSTANCE', '0193');
    expect(found.map(({ pid, group }) => [pid, group])).toEqual([
      [6310, 4120],
      [5004, 4120],
      [4120, 4120],
    ]);
  });

  it('parents that name each other are no endless chain', async () => {
    const one = { ...FFMPEG, pid: 1, parent: 2 };
    const { table } = openWindows(answer(JSON.stringify([one, { ...one, pid: 2, parent: 1 }])));
    expect(await table.findMarked('COMFLEET_INSTANCE', '0193')).toEqual([]);
  });

  it('H4 are not asked to end: taskkill ends the tree', async () => {
    const { table, commands } = openWindows(
      answer('SUCCESS: The process with PID 4120 has been terminated.\r\n'),
    );
    expect(table.politeSignals).toEqual([]);
    expect(await table.signalGroup(4120, 'SIGKILL')).toBe(true);
    expect(commands).toEqual([['D:\\Windows\\System32\\taskkill.exe', '/PID', '4120', '/T', '/F']]);
  });

  it('a tree that is gone already is an answer', async () => {
    const { table } = openWindows({ code: 128, stdout: '', stderr: 'ERROR: The process "4120" not found.' });
    expect(await table.signalGroup(4120, 'SIGKILL')).toBe(false);
  });

  it('a tree of which some ended meanwhile is gone when its root is; one that may not be ended is a failure', async () => {
    const denied = { code: 1, stdout: '', stderr: 'Reason: Access is denied.' };
    expect(await openWindows(denied, false).table.signalGroup(4120, 'SIGKILL')).toBe(false);
    await expect(openWindows(denied).table.signalGroup(4120, 'SIGKILL')).rejects.toThrow('Access is denied');
  });

  it('one alone is killed without a program', () => {
    const { table, signals, commands } = openWindows(answer(''));
    expect(table.kill(6310)).toBe(true);
    expect([signals, commands]).toEqual([[[6310, 'SIGKILL']], []]);
  });
});

describe('the script for PowerShell', () => {
  it('has no double quote, and asks for one process or for all', () => {
    expect(writeProcessScript(12)).toContain(`-Filter 'ProcessId=12'`);
    expect(writeProcessScript(null)).not.toContain('-Filter');
    expect(writeProcessScript(12) + writeProcessScript(null)).not.toContain('"');
  });

  it('refuses an answer of another form', () => {
    expect(() => parseWin32Processes('[{"pid":"12"}]')).toThrow();
    expect(() => parseWin32Processes('Get-CimInstance : ...')).toThrow();
  });
});
