import { stat } from 'node:fs/promises';

/**
 * What files were like just before they were read, to tell whether they changed since. Asked again and again instead of watched:
 * that holds on network disks and mounts too, and for files that are not there yet.
 */
export class FileStamps {
  readonly #stamps = new Map<string, string>();

  /** Call it before the file is read. */
  async record(file: string): Promise<void> {
    this.#stamps.set(file, await readStamp(file));
  }

  /** Null while all files are as recorded; else what they are like now, in one text. */
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
