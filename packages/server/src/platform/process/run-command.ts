import { execFile } from 'node:child_process';
import { pickChildEnvironment } from './child-environment.ts';

export interface CommandResult {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs a program of the system to its end. Rejects if it cannot be started or prints nothing for too long. */
export type RunCommand = (program: string, args: readonly string[]) => Promise<CommandResult>;

const TIMEOUT_MS = 15_000;
const MAX_BYTES = 64 * 1024 * 1024;

/** Runs programs without a shell. Their output is the same everywhere: English, times in UTC. */
export function createRunCommand(environment: Readonly<Record<string, string | undefined>>): RunCommand {
  const env = { ...pickChildEnvironment(environment), LC_ALL: 'C', TZ: 'UTC' };
  const options = { env, timeout: TIMEOUT_MS, maxBuffer: MAX_BYTES, windowsHide: true };
  return (program, args) =>
    new Promise((resolve, reject) => {
      execFile(program, args, options, (error, stdout, stderr) => {
        const code = error === null ? 0 : error.code;
        if (typeof code === 'number') resolve({ code, stdout, stderr });
        else reject(new Error(`${program} did not finish`, { cause: error }));
      });
    });
}
