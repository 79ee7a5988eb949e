import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { posixPrograms, windowsPrograms } from '../../platform/process/programs.ts';
import { checkInstanceSpec } from './instance-spec.ts';

let root: string;
let folder: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'comfleet-spec-'));
  folder = join(root, 'ComfyUI');
  await mkdir(join(folder, 'venv/bin'), { recursive: true });
  await mkdir(join(root, 'bin'));
  await writeFile(join(folder, 'main.py'), '');
  for (const path of [join(folder, 'venv/bin/python'), join(root, 'bin/python3')]) {
    await writeFile(path, '');
    await chmod(path, 0o755);
  }
});
afterEach(() => rm(root, { recursive: true, force: true }));

const check = (changes: object, programs = posixPrograms) =>
  checkInstanceSpec(
    { name: 'own', folder, ...changes },
    { programs, environment: { PATH: join(root, 'bin') } },
  );

describe('checkInstanceSpec', () => {
  it('takes the Python of the folder itself first', async () => {
    expect((await check({})).interpreter).toBe(join(folder, 'venv/bin/python'));
  });

  it('takes python3 from PATH when the folder has none', async () => {
    await rm(join(folder, 'venv'), { recursive: true });
    expect((await check({})).interpreter).toBe(join(root, 'bin/python3'));
  });

  it('takes the Python that was named', async () => {
    expect((await check({ interpreter: join(root, 'bin/python3') })).interpreter).toBe(
      join(root, 'bin/python3'),
    );
    expect((await check({ interpreter: 'python3' })).interpreter).toBe(join(root, 'bin/python3'));
  });

  it.each([
    ['a folder that does not exist', { folder: '/nowhere/ComfyUI' }, 'repo_path', '/nowhere/ComfyUI'],
    ['a script that does not exist', { entry: 'other.py' }, 'repo_path', null],
    ['a Python path that does not exist', { interpreter: '/nowhere/python' }, 'python', '/nowhere/python'],
    ['a Python that is not on PATH', { interpreter: 'python9' }, 'python', 'python9'],
    ['a base folder that does not exist', { baseDirectory: '/nowhere' }, 'base_dir', '/nowhere'],
  ])('PS26 refuses %s by name', async (_what, changes, field, value) => {
    await expect(check(changes)).rejects.toMatchObject({
      code: 'INSTANCE_CONFIG',
      details: { field, value: value ?? folder },
    });
  });

  it('PS26 refuses a script where the system starts none, and says what to name instead', async () => {
    const script = join(root, 'bin/run_nvidia_gpu.bat');
    await writeFile(script, '');
    await expect(check({ interpreter: script }, windowsPrograms)).rejects.toMatchObject({
      code: 'INSTANCE_CONFIG',
      details: { field: 'python', value: script, problem: expect.stringContaining('python.exe') },
    });
  });

  it('PS26 refuses a Python that may not be executed', async () => {
    await chmod(join(root, 'bin/python3'), 0o644);
    await expect(check({ interpreter: join(root, 'bin/python3') })).rejects.toMatchObject({
      code: 'INSTANCE_CONFIG',
      details: { field: 'python' },
    });
  });
});
