import { makeZip, predictLength } from 'client-zip';
import { toFileName } from './content-disposition.ts';

/** A file to put into an archive. */
export interface ZipEntry {
  name: string;
  sizeBytes: number;
  modifiedAtMs: number;
  open(): AsyncIterable<Uint8Array>;
}

/** The size in bytes of the archive of these files. */
export function measureZip(entries: readonly ZipEntry[]): number {
  const sizes = nameEntries(entries).map(([name, { sizeBytes }]) => ({ name, size: sizeBytes }));
  return Number(predictLength(sizes));
}

/** A ZIP of stored files, with its 64-bit extension if needed, written while it is read. Repeated names get a number. */
export async function* streamZip(entries: readonly ZipEntry[]): AsyncIterable<Uint8Array> {
  let opened: AsyncIterator<Uint8Array> | null = null;
  function* openFiles() {
    for (const [name, entry] of nameEntries(entries)) {
      const bytes = entry.open()[Symbol.asyncIterator]();
      opened = bytes;
      const input = { [Symbol.asyncIterator]: () => bytes };
      yield { name, lastModified: entry.modifiedAtMs, size: entry.sizeBytes, input };
    }
  }
  const files = openFiles();
  const reader = makeZip(files).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    // The library itself would not close the file it is reading when the reader stops.
    files.return();
    await (opened as AsyncIterator<Uint8Array> | null)?.return?.();
  }
}

function nameEntries(entries: readonly ZipEntry[]): [string, ZipEntry][] {
  const names = new Set<string>();
  return entries.map((entry) => [chooseName(entry.name, names), entry]);
}

function chooseName(wanted: string, names: Set<string>): string {
  const clean = toFileName(wanted);
  const dot = clean.lastIndexOf('.');
  const [stem, suffix] = dot > 0 ? [clean.slice(0, dot), clean.slice(dot)] : [clean, ''];
  let name = clean;
  for (let number = 2; names.has(name.toLowerCase()); number += 1) name = `${stem} (${number})${suffix}`;
  names.add(name.toLowerCase());
  return name;
}
