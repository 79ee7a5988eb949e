import { readdir } from 'node:fs/promises';
import { vi } from 'vitest';

/** The name of the file in a folder, once there is one: readable copies come after the result. */
export async function waitForFile(folder: string, wanted: RegExp): Promise<string> {
  const [name = ''] = await waitForFiles(() => readdir(folder).catch(() => []), wanted);
  return name;
}

/** Paths below a folder whose name has `part` in it, once there is one. */
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
