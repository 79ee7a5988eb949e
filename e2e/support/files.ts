import { readdir } from 'node:fs/promises';
import { vi } from 'vitest';

/** Waits for a matching file in a folder; returns its name. Readable copies are written after the result. */
export async function waitForFile(folder: string, wanted: RegExp): Promise<string> {
  const [name = ''] = await waitForFiles(() => readdir(folder).catch(() => []), wanted);
  return name;
}

/** Waits for files below a folder with `part` in their paths; returns the paths. */
export function listFiles(folder: string, part: string): Promise<string[]> {
  return waitForFiles(() => readdir(folder, { recursive: true }), new RegExp(part));
}

function waitForFiles(list: () => Promise<string[]>, wanted: RegExp): Promise<string[]> {
  return vi.waitFor(
    async () => {
      const found = (await list()).filter((path) => wanted.test(path));
      if (found.length === 0) throw new Error(`no file like ${wanted}`);
      return found;
    },
    { timeout: 5000, interval: 20 },
  );
}
