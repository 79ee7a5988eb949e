import { createDarwinProcesses } from './darwin/darwin-processes.ts';
import { createLinuxProcesses } from './linux/linux-processes.ts';
import type { ProcessTable } from './process-table.ts';
import { type Programs, posixPrograms, windowsPrograms } from './programs.ts';
import type { RunCommand } from './run-command.ts';
import type { Kill } from './send-signal.ts';
import { createWindowsProcesses } from './windows/windows-processes.ts';

/** The differences between operating systems, chosen once at the start and passed to all that need them. */
export interface Platform {
  readonly processes: ProcessTable;
  readonly programs: Programs;
  /** False if a folder cannot be synced because the file system journals names by itself. */
  readonly syncsFolders: boolean;
}

export interface PlatformDeps {
  environment: Readonly<Record<string, string | undefined>>;
  run: RunCommand;
  kill: Kill;
}

/** The platform for this operating system; an unknown one is treated as Linux, with or without /proc. */
export function createPlatform(system: NodeJS.Platform, { environment, run, kill }: PlatformDeps): Platform {
  switch (system) {
    case 'win32': {
      const processes = createWindowsProcesses(run, kill, environment.SystemRoot ?? 'C:\\Windows');
      return { processes, programs: windowsPrograms, syncsFolders: false };
    }
    case 'darwin':
      return {
        processes: createDarwinProcesses(run, kill),
        programs: posixPrograms,
        syncsFolders: true,
      };
    default:
      return { processes: createLinuxProcesses(kill), programs: posixPrograms, syncsFolders: true };
  }
}
