import type { FileStore } from '../files/file-store.ts';
import { RawJson, type Writable } from '../json/lossless-json.ts';
import { type FaultScript, readNumber, readText } from './fault-script.ts';

type Ui = Readonly<Record<string, Writable>>;

/** Applies the faults of a node's shown result: names, number of files, NaN. */
export function shapeResult(ui: Ui, faults: FaultScript, files: FileStore, promptId: string): Ui {
  if (faults.isEmpty()) return ui;
  let shaped = ui;
  const named = faults.take('output_name', promptId);
  if (named !== undefined)
    shaped = mapFiles(shaped, (file) => [
      renameFile(file, readText(named, 'filename', '../evil.png'), files),
    ]);
  const many = faults.take('many_files', promptId);
  if (many !== undefined)
    shaped = mapFiles(shaped, (file) => copyFile(file, readNumber(many, 'count', 500), files));
  if (faults.take('nan_in_json', promptId) !== undefined) shaped = { ...shaped, score: [new RawJson('NaN')] };
  return shaped;
}

interface ShownFile {
  readonly filename: string;
  readonly subfolder: string;
  readonly type: 'output' | 'temp';
}

function readFile(value: Writable): ShownFile | undefined {
  if (typeof value !== 'object' || value === null || !('filename' in value)) return undefined;
  const { filename, subfolder, type } = value as Record<string, Writable>;
  if (typeof filename !== 'string' || typeof subfolder !== 'string') return undefined;
  return { filename, subfolder, type: type === 'temp' ? 'temp' : 'output' };
}

function mapFiles(ui: Ui, change: (file: ShownFile) => readonly ShownFile[]): Ui {
  const shaped: Record<string, Writable> = {};
  for (const [key, value] of Object.entries(ui)) {
    shaped[key] = Array.isArray(value)
      ? value.flatMap((item: Writable): Writable[] => {
          const file = readFile(item);
          return file === undefined ? [item] : change(file).map((shown) => ({ ...shown }));
        })
      : value;
  }
  return shaped;
}

function pathOf(file: ShownFile): string {
  return file.subfolder === '' ? file.filename : `${file.subfolder}/${file.filename}`;
}

/** Shows the file under the requested name; the bytes are stored under it too if a folder can hold it. */
function renameFile(file: ShownFile, filename: string, files: FileStore): ShownFile {
  const stored = files.read(file.type, pathOf(file));
  const renamed = { ...file, filename };
  const isStorable =
    !filename.includes('..') &&
    !filename.startsWith('/') &&
    !filename.includes('\0') &&
    Buffer.byteLength(filename) < 256;
  if (stored !== undefined && isStorable) files.write(file.type, pathOf(renamed), stored.bytes);
  return renamed;
}

function copyFile(file: ShownFile, count: number, files: FileStore): readonly ShownFile[] {
  const stored = files.read(file.type, pathOf(file));
  const copies: ShownFile[] = [file];
  for (let index = 1; index < count; index += 1) {
    const copy = { ...file, filename: `copy-${index}-${file.filename}` };
    if (stored !== undefined) files.write(file.type, pathOf(copy), stored.bytes);
    copies.push(copy);
  }
  return copies;
}
