import { plainText } from '@comfleet/contract';
import { expect, test } from 'vitest';
import { refuseInstance } from '../fleet/instances/refuse-instance.ts';
import { AppError } from '../platform/errors/app-error.ts';
import { describeStartFailure } from './describe-start-failure.ts';
import { createSayStart } from './say-start.ts';

const tell = (error: AppError, language: 'en' | 'zh-CN' = 'en'): string[] =>
  describeStartFailure(createSayStart(language), error);

const createStartFailure = (reason: string, log: string[]) =>
  new AppError('INSTANCE_START_FAILED', { instance: 'comfyui', reason, message_text: reason, log });

test('a second start on the same data is described in a sentence, with the address of the first', () => {
  const locked = new AppError('DATABASE_LOCKED', { address: 'http://127.0.0.1:8000' });
  expect(tell(locked)).toEqual([
    'Comfleet already runs on this data, at http://127.0.0.1:8000. Use that one, or give this one its own folder: --data DIR.',
  ]);
  expect(tell(locked, 'zh-CN')[0]).toContain('http://127.0.0.1:8000');
  expect(tell(new AppError('DATABASE_LOCKED', { address: null }))[0]).toMatch(
    /^Another Comfleet already runs/,
  );
});

test('a Python that is not there, and one that lacks a module of ComfyUI, come with the way to name another', () => {
  const hint =
    'Name the Python of this ComfyUI: COMFYUI_PYTHON=/path/to/python, or instances.python in config.yaml.';
  const missing = refuseInstance('python', '/no/python', plainText('instance.not_executable'));
  expect(tell(missing)).toEqual([
    'ComfyUI cannot be started: /no/python: this is not a program that can be executed',
    hint,
  ]);
  const log = ['Traceback', "ModuleNotFoundError: No module named 'torch'"];
  expect(tell(createStartFailure('exit code 1', log))).toEqual([
    'ComfyUI did not start: exit code 1',
    '  Traceback',
    "  ModuleNotFoundError: No module named 'torch'",
    hint,
  ]);
});

test('a ComfyUI that finds no GPU comes with the way to run it without one', () => {
  const log = ['Traceback', 'RuntimeError: Found no NVIDIA driver on your system. Please check …'];
  const failed = createStartFailure('exit code 1', log);
  expect(tell(failed).at(-1)).toContain('--comfyui-arg --cpu');
  expect(tell(failed, 'zh-CN').at(-1)).toMatch(/显卡.*--comfyui-arg --cpu/);
});

test('a folder without ComfyUI and any other end of the process come without it', () => {
  expect(tell(refuseInstance('repo_path', '/x', plainText('instance.no_folder')))).toEqual([
    'ComfyUI cannot be started: /x: this folder does not exist',
  ]);
  expect(tell(createStartFailure('signal SIGKILL', ['Starting server']))).toHaveLength(2);
});

test('AU14 a password of the environment that is refused is one sentence, with the way out', () => {
  const refused = new AppError('ADMIN_PASSWORD_REFUSED', { reason: 'too_short', min: 8, max: 128 });
  expect(tell(refused)).toEqual([
    'COMFLEET_ADMIN_PASSWORD is refused: it needs 8 to 128 characters and must not be a common or sample one. Without it a password is made.',
  ]);
  expect(tell(refused, 'zh-CN')).toEqual([
    expect.stringMatching(/^COMFLEET_ADMIN_PASSWORD 不可用：.*自动生成密码。$/),
  ]);
});

test('any other error is described by code, meaning and details', () => {
  expect(tell(new AppError('PORT_TAKEN', { port: 8000 }))).toEqual([
    'PORT_TAKEN: The port is in use; choose another.',
    '{\n  "port": 8000\n}',
  ]);
});
