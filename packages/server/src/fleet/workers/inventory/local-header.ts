import { type FileHandle, open, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { isRecord, type ModelHeader } from '@comfleet/comfyui';

/** Headers of real checkpoints are a few hundred kilobytes. */
const MAX_BYTES = 32 * 1024 * 1024;
const LENGTH_BYTES = 8;

/**
 * Reads the header of a safetensors file on this machine, from the first folder that has it, like ComfyUI. Null when there is no
 * regular safetensors file of this size: the worker's folders may be on another machine.
 */
export async function readLocalHeader(
  folders: readonly string[],
  { name, sizeBytes }: { name: string; sizeBytes: number },
): Promise<ModelHeader | null> {
  if (!name.endsWith('.safetensors')) return null;
  for (const folder of folders) {
    const path = join(folder, name);
    if (relative(folder, path).split(sep)[0] === '..') continue;
    const found = await stat(path).catch(() => null); // absent, or not readable for us
    if (found === null) continue;
    if (!found.isFile() || found.size !== sizeBytes) return null;
    const text = await readHeaderText(path).catch(() => null); // not readable for us
    return text === null ? null : parseHeader(text);
  }
  return null;
}

async function readHeaderText(path: string): Promise<string | null> {
  const file = await open(path, 'r');
  try {
    const length = Number((await readBytes(file, 0, LENGTH_BYTES)).readBigUInt64LE());
    if (length > MAX_BYTES) return null;
    return (await readBytes(file, LENGTH_BYTES, length)).toString('utf8');
  } finally {
    await file.close();
  }
}

/** Throws when the file is too short. */
async function readBytes(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
  if (bytesRead < length) throw new Error('the file is shorter than its header says');
  return buffer;
}

function parseHeader(text: string): ModelHeader | null {
  const header = parseJson(text);
  if (!isRecord(header)) return null;
  const { __metadata__: metadata, ...tensors } = header;
  const shapes = Object.entries(tensors).map(([name, tensor]) => [name, readShape(tensor)] as const);
  return { metadata: isRecord(metadata) ? metadata : {}, shapes: new Map(shapes) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // not a safetensors file, whatever its name
  }
}

function readShape(tensor: unknown): number[] {
  const shape = isRecord(tensor) ? tensor.shape : null;
  return Array.isArray(shape) ? shape.filter((size) => typeof size === 'number') : [];
}
