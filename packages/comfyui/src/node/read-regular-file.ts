import { constants, type Stats } from 'node:fs';
import { open } from 'node:fs/promises';

/**
 * Reads a whole file. A pipe, device or folder of that name is refused at once, instead of blocking or reading without end; so is
 * a file larger than `maxBytes`. Errors carry a code: EISDIR, NOT_REGULAR, EFBIG, or the system's, such as ENOENT.
 */
export async function readRegularFile(path: string, { maxBytes }: { maxBytes: number }): Promise<Buffer> {
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stats = await file.stat();
    if (!stats.isFile()) {
      const code = stats.isDirectory() ? 'EISDIR' : 'NOT_REGULAR';
      throw createError(code, `${path} is ${nameKind(stats)}, not a regular file`);
    }
    if (stats.size > maxBytes) throw createError('EFBIG', `${path} is larger than ${maxBytes} bytes`);
    return await file.readFile();
  } finally {
    await file.close();
  }
}

function createError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

function nameKind(stats: Stats): string {
  if (stats.isFIFO()) return 'a pipe (FIFO)';
  if (stats.isDirectory()) return 'a folder';
  return stats.isCharacterDevice() || stats.isBlockDevice() ? 'a device' : 'a special file';
}
