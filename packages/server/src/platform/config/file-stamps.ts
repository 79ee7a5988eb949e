import { stat } from 'node:fs/promises';

/**
 * The state of files just before they were read, to detect later changes. Polled instead of watched: this works on network disks
 * and mounts too, and for files that do not exist yet.
 */
export class FileStamps {
  readonly #stamps = new Map<string, string>();

  /** Call it before the file is read. */
  async record(file: string): Promise<void> {
    this.#stamps.set(file, await readStamp(file));
  }

  /** Null while all files are as recorded; else their current state in one text. */
  async findChange(): Promise<string | null> {
    const changes: string[] = [];
    for (const [file, recorded] of this.#stamps) {
      const now = await readStamp(file);
      if (now !== recorded) changes.push(`${file} ${now}`);
    }
    return changes.length === 0 ? null : changes.join('\n');
  }
}

async function readStamp(file: string): Promise<string> {
  try {
    const { ino, size, mtimeMs, ctimeMs } = await stat(file);
    return [ino, size, mtimeMs, ctimeMs].join(' ');
  } catch (error) {
    return String((error as { code?: unknown }).code);
  }
}
