import { describe, expect, it } from 'vitest';
import { isAlive } from '../process-table.ts';
import type { CommandResult, RunCommand } from '../run-command.ts';
import { createDarwinProcesses } from './darwin-processes.ts';

const BOOT = '7A4B1F0E-2C1D-4E0B-9C51-3F0D8E6A5B42';
const PYTHON =
  '/opt/homebrew/bin/python3 main.py --temp-directory /Users/ann/Comfleet/instances/0193 --port 8188';
const ROW = `  812   812 Ss   Mon Nov 30 15:37:58 2026     ${PYTHON}\n`;
const CHILD = '  901   812 S    Mon Nov 30 15:38:02 2026     ffmpeg -i in.mp4\n';
const MARKED = [
  '    1 /sbin/launchd',
  `  812 ${PYTHON} PATH=/usr/bin:/bin HOME=/Users/ann COMFLEET_INSTANCE=0193 LANG=C`,
  '  901 ffmpeg -i in.mp4 COMFLEET_INSTANCE=0193',
  '  902 ffmpeg -i in.mp4 COMFLEET_INSTANCE=01934',
  ` ${process.pid} node COMFLEET_INSTANCE=0193`,
  '',
].join('\n');

const ok = (stdout: string): CommandResult => ({ code: 0, stdout, stderr: '' });
const NONE: CommandResult = { code: 1, stdout: '', stderr: '' };

/** A Mac whose `ps` prints what the test gives. */
function openMac(ps: (args: readonly string[]) => CommandResult) {
  const commands: string[] = [];
  const signals: [number, string | number][] = [];
  const run: RunCommand = async (program, args) => {
    commands.push([program, ...args].join(' '));
    return program === '/usr/sbin/sysctl' ? ok(`${BOOT}\n`) : ps(args);
  };
  const table = createDarwinProcesses(run, (pid, signal) => {
    if (pid === -1000) throw Object.assign(new Error('kill ESRCH'), { code: 'ESRCH' });
    signals.push([pid, signal]);
    return true;
  });
  return { table, commands, signals };
}

describe('processes of a Mac', () => {
  it('are proved by start and boot session, and have their arguments joined', async () => {
    const { table, commands } = openMac(() => ok(ROW));
    const info = await table.inspect(812);
    expect(info).toEqual({
      pid: 812,
      group: 812,
      startStamp: 'Mon Nov 30 15:37:58 2026',
      bootId: BOOT,
      commandLine: PYTHON,
    });
    expect(commands).toEqual([
      '/bin/ps -ww -o pid= -o pgid= -o stat= -o lstart= -o command= -p 812',
      '/usr/sbin/sysctl -n kern.bootsessionuuid',
    ]);
  });

  it('a day below ten is padded by a space', async () => {
    const { table } = openMac(() => ok(ROW.replace('Nov 30', 'Nov  3')));
    expect((await table.inspect(812))?.startStamp).toBe('Mon Nov  3 15:37:58 2026');
  });

  it.each([
    ['one that is gone', NONE],
    ['one that is dead and not reaped', ok(ROW.replace('Ss', 'Z '))],
  ])('%s is none', async (_what, result) => {
    expect(await openMac(() => result).table.inspect(812)).toBeNull();
  });

  it('H7 another process under the pid is not the same', async () => {
    const { table } = openMac(() => ok(ROW.replace('15:37:58', '15:37:59')));
    expect(await isAlive(table, { pid: 812, startStamp: 'Mon Nov 30 15:37:58 2026', bootId: BOOT })).toBe(
      false,
    );
  });

  it('a ps that fails says nothing of the process', async () => {
    const { table } = openMac(() => ({ code: 1, stdout: '', stderr: 'ps: fork: Resource unavailable' }));
    await expect(table.inspect(812)).rejects.toThrow('ps: fork: Resource unavailable');
  });

  it('those with a mark in their environment are found, grandchildren included, ourselves not', async () => {
    const { table } = openMac((args) => {
      if (args.includes('-E')) return ok(MARKED);
      return args.includes('812,901') ? ok(ROW + CHILD) : NONE;
    });
    const found = await table.findMarked('COMFLEET_INSTANCE', '0193');
    expect(found.map(({ pid, group }) => [pid, group])).toEqual([
      [812, 812],
      [901, 812],
    ]);
    expect(await table.findMarked('COMFLEET_INSTANCE', '0777')).toEqual([]);
  });

  it('are asked with SIGINT, then SIGTERM; signals go to the group, and nobody there is an answer', async () => {
    const { table, signals } = openMac(() => NONE);
    expect(table.politeSignals).toEqual(['SIGINT', 'SIGTERM']);
    expect(await table.signalGroup(812, 'SIGINT')).toBe(true);
    expect(table.kill(901)).toBe(true);
    expect(signals).toEqual([
      [-812, 'SIGINT'],
      [901, 'SIGKILL'],
    ]);
    expect(await table.signalGroup(1000, 'SIGKILL')).toBe(false);
  });
});
