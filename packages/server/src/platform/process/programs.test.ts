import { describe, expect, it } from 'vitest';
import { posixPrograms, windowsPrograms } from './programs.ts';

describe('programs of Linux and macOS', () => {
  it('are the files of that name in the folders of PATH, in order', () => {
    expect(posixPrograms.listOnPath('python3', { PATH: '/opt/bin::/usr/bin', Path: '/no' })).toEqual([
      '/opt/bin/python3',
      '/usr/bin/python3',
    ]);
    expect(posixPrograms.listOnPath('python3', {})).toEqual([]);
  });

  it('may have any name', () => {
    expect(posixPrograms.findStartProblem('/opt/run.bat')).toBeNull();
  });
});

describe('programs of Windows', () => {
  it('are .exe files, in the folders of a variable whose name has no case', () => {
    const environment = { Path: 'C:\\Python312\\;"C:\\Program Files\\Python";;D:\\bin' };
    expect(windowsPrograms.listOnPath('python', environment)).toEqual([
      'C:\\Python312\\python.exe',
      'C:\\Program Files\\Python\\python.exe',
      'D:\\bin\\python.exe',
    ]);
    expect(windowsPrograms.listOnPath('py.exe', { PATH: 'C:\\Windows' })).toEqual(['C:\\Windows\\py.exe']);
  });

  it.each(['C:\\ComfyUI\\run_nvidia_gpu.bat', 'tool.CMD', 'start.ps1'])(
    '%s is none: only a shell can start it',
    (path) => {
      expect(windowsPrograms.findStartProblem(path)).toBe('instance.script');
    },
  );

  it('python.exe is one', () => {
    expect(windowsPrograms.findStartProblem('C:\\ComfyUI\\venv\\Scripts\\python.exe')).toBeNull();
  });
});
