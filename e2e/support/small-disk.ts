import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A disk of a few megabytes that a test can fill. */
export interface SmallDisk {
  /** Where it is mounted. */
  folder: string;
  /** Uses up all free space. */
  fill(): void;
  /** Frees it again. */
  clear(): void;
  remount(mode: 'ro' | 'rw'): void;
  remove(): void;
}

/** Why no small disk can be created here, or undefined. */
export function missingSmallDisk(): string | undefined {
  try {
    openSmallDisk(1).remove();
    return undefined;
  } catch (thrown) {
    return `needs the right to mount a tmpfs: ${thrown instanceof Error ? thrown.message.split('\n')[0] : thrown}`;
  }
}

/** Mounts a tmpfs of this many MiB on a new folder. Throws where that is not allowed. */
export function openSmallDisk(mib: number): SmallDisk {
  const folder = mkdtempSync(join(tmpdir(), 'comfleet-disk-'));
  const run = (command: string, ...args: string[]) => execFileSync(command, args, { stdio: 'pipe' });
  try {
    run('mount', '-t', 'tmpfs', '-o', `size=${mib}m`, 'comfleet-test', folder);
  } catch (thrown) {
    rmSync(folder, { recursive: true });
    throw thrown;
  }
  const ballast = join(folder, 'ballast');
  return {
    folder,
    fill: () => fillWith(ballast),
    clear: () => rmSync(ballast),
    remount: (mode) => void run('mount', '-o', `remount,${mode}`, folder),
    remove: () => {
      // Lazily: a server in this process may keep files open a moment longer.
      run('umount', '-l', folder);
      rmSync(folder, { recursive: true });
    },
  };
}

function fillWith(path: string): void {
  const file = openSync(path, 'a');
  const bytes = Buffer.alloc(65_536);
  for (let size = bytes.byteLength; size >= 1; ) {
    try {
      writeSync(file, bytes, 0, size);
    } catch {
      size = Math.floor(size / 2); // no space left for chunks of this size
    }
  }
  closeSync(file);
}
