import { spawn } from 'node:child_process';
import { open } from 'node:fs/promises';

/** How a process ended; both null if it was not our child and its status is unknown. */
export interface ProcessExit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface SpawnRequest {
  command: string;
  args: readonly string[];
  cwd: string;
  env: Readonly<Record<string, string>>;
  /** The process itself appends stdout and stderr here, so that it can outlive us. */
  logPath: string;
}

export interface SpawnedProcess {
  readonly pid: number;
  /** Always settles, never rejects. */
  readonly exited: Promise<ProcessExit>;
}

/** Starts programs: argument arrays, no shell, own process group, no stdin. */
export interface Spawner {
  /** Resolves once the program runs; rejects if it cannot be executed. */
  spawn(request: SpawnRequest): Promise<SpawnedProcess>;
}

/** The spawner of this machine. When we exit, the child gets no signal, and none of its pipes is closed. */
export function createSpawner(): Spawner {
  return { spawn: spawnDetached };
}

async function spawnDetached(request: SpawnRequest): Promise<SpawnedProcess> {
  const log = await open(request.logPath, 'a', 0o600);
  try {
    return await new Promise((resolve, reject) => {
      const child = spawn(request.command, request.args, {
        cwd: request.cwd,
        env: request.env,
        stdio: ['ignore', log.fd, log.fd],
        detached: true,
        shell: false,
        windowsHide: true,
      });
      const exited = new Promise<ProcessExit>((end) => {
        child.once('exit', (code, signal) => end({ code, signal }));
      });
      child.once('error', reject);
      child.once('spawn', () => {
        const { pid } = child;
        if (pid === undefined) return reject(new Error('the process has no pid'));
        // An error after the start is a failed signal, which its sender already got.
        child.removeListener('error', reject);
        child.on('error', () => {});
        child.unref();
        resolve({ pid, exited });
      });
    });
  } finally {
    await log.close();
  }
}
