import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { createPlatform } from './platform.ts';
import { isAlive } from './process-table.ts';
import { createRunCommand } from './run-command.ts';

const deps = {
  environment: { SystemRoot: 'E:\\Win' },
  run: createRunCommand(process.env),
  kill: (pid: number, signal: NodeJS.Signals | 0) => process.kill(pid, signal),
};

describe('createPlatform', () => {
  it('chooses the form of the system', () => {
    const [linux, darwin, windows] = (['linux', 'darwin', 'win32'] as const).map((system) =>
      createPlatform(system, deps),
    );
    expect([linux?.programs.python, darwin?.programs.python, windows?.programs.python]).toEqual([
      'python3',
      'python3',
      'python',
    ]);
    expect([linux?.syncsFolders, darwin?.syncsFolders, windows?.syncsFolders]).toEqual([true, true, false]);
    expect(windows?.processes.politeSignals).toEqual([]);
  });
});

describe.runIf(process.platform !== 'win32')('processes of this machine', () => {
  it('H5 H7 a process is proved, found by its mark, signalled as a group, and gone afterwards', async () => {
    const { processes } = createPlatform(process.platform, deps);
    const mark = `platform-test-${process.pid}`;
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)', mark], {
      detached: true,
      env: { ...process.env, COMFLEET_TEST_MARK: mark },
    });
    const exited = once(child, 'exit');
    const info = await processes.inspect(child.pid ?? 0);
    if (info === null) throw new Error('the child should be there');
    expect(info.group).toBe(child.pid);
    expect(await processes.findMarked('COMFLEET_TEST_MARK', mark)).toEqual([info]);
    expect(await isAlive(processes, { ...info, startStamp: 'another' })).toBe(false);
    expect(await isAlive(processes, { ...info, bootId: 'another' })).toBe(false);
    expect(await processes.signalGroup(info.group, 'SIGTERM')).toBe(true);
    await exited;
    expect(await processes.inspect(info.pid)).toBeNull();
    expect(await processes.signalGroup(info.group, 'SIGTERM')).toBe(false);
    expect(processes.kill(info.pid)).toBe(false);
  });
});
