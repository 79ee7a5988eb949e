import { crc32 } from 'node:zlib';
import { toFileName } from './content-disposition.ts';

/** A file to put into an archive. */
export interface ZipEntry {
  name: string;
  sizeBytes: number;
  modifiedAtMs: number;
  open(): AsyncIterable<Uint8Array>;
}

interface Written {
  name: Buffer;
  crc: number;
  sizeBytes: number;
  offset: number;
  time: number;
  date: number;
}

const UTF8_AND_DESCRIPTOR = 0x0808;
const LIMIT = 0xffff_ffff;

/** True when plain ZIP (without its 64-bit extension) can hold the files. */
export function fitsZip(entries: readonly Pick<ZipEntry, 'sizeBytes'>[]): boolean {
  const total = entries.reduce((sum, entry) => sum + entry.sizeBytes + 1024, 0);
  return total < LIMIT && entries.length < 0xffff;
}

/** A ZIP of stored files, written while it is read (PKWARE APPNOTE 4.3). Names that repeat get a number. */
export async function* streamZip(entries: readonly ZipEntry[]): AsyncIterable<Uint8Array> {
  const written: Written[] = [];
  const names = new Set<string>();
  let offset = 0;
  for (const entry of entries) {
    const name = Buffer.from(chooseName(entry.name, names), 'utf8');
    const { time, date } = toDosTime(entry.modifiedAtMs);
    const record: Written = { name, crc: 0, sizeBytes: 0, offset, time, date };
    const header = writeLocalHeader(record);
    yield header;
    for await (const chunk of entry.open()) {
      record.crc = crc32(chunk, record.crc);
      record.sizeBytes += chunk.length;
      yield chunk;
    }
    const descriptor = writeDescriptor(record);
    yield descriptor;
    offset += header.length + record.sizeBytes + descriptor.length;
    written.push(record);
  }
  const directory = Buffer.concat(written.map(writeDirectoryEntry));
  yield directory;
  yield writeEnd(written.length, directory.length, offset);
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

/** MS-DOS time in UTC, from 1980. */
function toDosTime(atMs: number): { time: number; date: number } {
  const at = new Date(Math.max(atMs, Date.UTC(1980, 0, 1)));
  return {
    time: (at.getUTCHours() << 11) | (at.getUTCMinutes() << 5) | (at.getUTCSeconds() >> 1),
    date: ((at.getUTCFullYear() - 1980) << 9) | ((at.getUTCMonth() + 1) << 5) | at.getUTCDate(),
  };
}

function writeLocalHeader({ name, time, date }: Written): Buffer {
  const header = Buffer.alloc(30);
  header.writeUInt32LE(0x0403_4b50, 0);
  header.writeUInt16LE(20, 4);
  header.writeUInt16LE(UTF8_AND_DESCRIPTOR, 6);
  header.writeUInt16LE(time, 10);
  header.writeUInt16LE(date, 12);
  header.writeUInt16LE(name.length, 26);
  return Buffer.concat([header, name]);
}

function writeDescriptor({ crc, sizeBytes }: Written): Buffer {
  const descriptor = Buffer.alloc(16);
  descriptor.writeUInt32LE(0x0807_4b50, 0);
  descriptor.writeUInt32LE(crc, 4);
  descriptor.writeUInt32LE(sizeBytes, 8);
  descriptor.writeUInt32LE(sizeBytes, 12);
  return descriptor;
}

function writeDirectoryEntry({ name, crc, sizeBytes, offset, time, date }: Written): Buffer {
  const entry = Buffer.alloc(46);
  entry.writeUInt32LE(0x0201_4b50, 0);
  entry.writeUInt16LE(20, 4);
  entry.writeUInt16LE(20, 6);
  entry.writeUInt16LE(UTF8_AND_DESCRIPTOR, 8);
  entry.writeUInt16LE(time, 12);
  entry.writeUInt16LE(date, 14);
  entry.writeUInt32LE(crc, 16);
  entry.writeUInt32LE(sizeBytes, 20);
  entry.writeUInt32LE(sizeBytes, 24);
  entry.writeUInt16LE(name.length, 28);
  entry.writeUInt32LE(offset, 42);
  return Buffer.concat([entry, name]);
}

function writeEnd(count: number, directorySize: number, directoryOffset: number): Buffer {
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x0605_4b50, 0);
  end.writeUInt16LE(count, 8);
  end.writeUInt16LE(count, 10);
  end.writeUInt32LE(directorySize, 12);
  end.writeUInt32LE(directoryOffset, 16);
  return end;
}
