import { expect, it } from 'vitest';
import { createRunCommand } from './run-command.ts';

const run = createRunCommand({ PATH: process.env.PATH, COMFLEET_SECRET: 'hidden', LC_ALL: 'zh_CN.UTF-8' });

it('a program of the system is run to its end, and its exit code is an answer', async () => {
  const script = 'console.log("out"); console.error("err"); process.exitCode = 3';
  expect(await run(process.execPath, ['-e', script])).toEqual({ code: 3, stdout: 'out\n', stderr: 'err\n' });
});

it('it writes English and UTC, and gets no secret of ours', async () => {
  const script =
    'const { LC_ALL, TZ, COMFLEET_SECRET } = process.env; console.log(LC_ALL, TZ, COMFLEET_SECRET)';
  expect((await run(process.execPath, ['-e', script])).stdout).toBe('C UTC undefined\n');
});

it('one that cannot be started or is ended from outside is a failure, not an answer', async () => {
  await expect(run('/nowhere/ps', [])).rejects.toThrow('/nowhere/ps did not finish');
  await expect(run(process.execPath, ['-e', 'process.kill(process.pid, "SIGKILL")'])).rejects.toThrow(
    'did not finish',
  );
});
