import { isRecord, readString } from '../json/records.ts';
import type { CollectedOutput, OutputFile } from './collected-output.ts';
import { detectOutputKind } from './output-kind.ts';

/** More than a task may have results, and more than real graphs produce. */
const MAX_OUTPUTS = 25_000;
/** Limit of a text that is reported letter by letter. */
const MAX_LETTERS = 100_000;

/**
 * Collects the outputs of a history entry: all keys, file objects at any depth, texts (protocol 7.4), numbers and flags of nodes
 * without a file, and paths under `result`. Leaves out what describes files (`animated`, cameras), and everything after the
 * 25,000th output. Never throws.
 */
export function readOutputs(outputs: unknown): CollectedOutput[] {
  if (!isRecord(outputs)) return [];
  const found: CollectedOutput[] = [];
  for (const nodeId of Object.keys(outputs)) {
    const output = outputs[nodeId];
    if (isRecord(output)) for (const item of readNode(nodeId, output)) found.push(item);
    if (found.length >= MAX_OUTPUTS) break;
  }
  if (!found.some(hasInlineText)) return found;
  // A path that repeats a file is not a second result.
  const named = new Set(found.filter(({ text }) => text === undefined).map(namePlace));
  return found.filter((output) => !(hasInlineText(output) && named.has(namePlace(output))));
}

function hasInlineText({ file, text }: CollectedOutput): boolean {
  return file !== undefined && text !== undefined;
}

function namePlace({ file }: CollectedOutput): string {
  return `${file?.subfolder}/${file?.filename}`;
}

type Found = Pick<CollectedOutput, 'kind' | 'temporary' | 'file' | 'text'> & { isScalar?: true };

function readNode(nodeId: string, output: Record<string, unknown>): CollectedOutput[] {
  const keys = Object.entries(output).map(([key, value]): [string, Found[]] => [
    key,
    key === 'result' ? readResult(value) : readKey(value),
  ]);
  const hasFiles = keys.some(([, found]) => found.some(({ file }) => file !== undefined));
  return keys.flatMap(([key, found]) =>
    found
      .filter((item) => !(item.isScalar && hasFiles))
      .map(({ isScalar: _, ...item }, index) => ({ nodeId, key, index, ...item })),
  );
}

function readKey(value: unknown): Found[] {
  const letters = joinLetters(value);
  if (letters !== null) return [{ kind: 'text', temporary: false, text: letters }];
  const found: Found[] = [];
  const walk = (item: unknown, depth: number): void => {
    if (Array.isArray(item) && depth < 8) {
      for (const inner of item) walkOn(inner, depth + 1);
    } else if (isRecord(item) && depth < 8) {
      const file = readFile(item);
      if (file === null) for (const inner of Object.values(item)) walkOn(inner, depth + 2);
      else found.push({ kind: detectOutputKind(file.filename, file.format), ...placeOf(file) });
    } else if (depth <= 1) {
      found.push(...readScalar(item));
    }
  };
  const walkOn = (item: unknown, depth: number): void => {
    if (found.length < MAX_OUTPUTS) walk(item, depth);
  };
  walk(value, 0);
  return found;
}

function readScalar(item: unknown): Found[] {
  if (typeof item === 'string') return [{ kind: 'text', temporary: false, text: item }];
  if (typeof item !== 'number' && typeof item !== 'boolean') return [];
  return [{ kind: 'text', temporary: false, text: String(item), isScalar: true }];
}

/** Joins the letters of a text: ComfyUI merges values of a key like lists, so a plain text arrives as its letters. */
function joinLetters(value: unknown): string | null {
  if (!Array.isArray(value) || value.length < 2 || value.length > MAX_LETTERS) return null;
  const letters: string[] = [];
  for (const item of value) {
    if (typeof item !== 'string' || [...item].length !== 1) return null;
    letters.push(item);
  }
  const text = letters.join('');
  // A batch of numbers up to nine is a list.
  return /^\d+$/.test(text) ? null : text;
}

/** `["3d/made_00001.obj", camera, infos]` is one file; values next to a path describe it. */
function readResult(value: unknown): Found[] {
  const paths = Array.isArray(value) ? value.slice(0, 1).flatMap(readPath) : [];
  return paths.length > 0 ? paths : readKey(value);
}

function readPath(item: unknown): Found[] {
  if (typeof item !== 'string' || item.length > 1000 || /[\n\r]/.test(item)) return [];
  const path = item.replaceAll('\\', '/');
  const at = path.lastIndexOf('/');
  const filename = path.slice(at + 1);
  const kind = detectOutputKind(filename);
  if (kind === 'file' || path.startsWith('/') || !filename.includes('.', 1)) return [];
  const file: OutputFile = { filename, subfolder: at < 0 ? '' : path.slice(0, at), type: 'output' };
  return [{ kind, temporary: false, file, text: item }];
}

function placeOf(file: OutputFile): Pick<Found, 'temporary' | 'file'> {
  return { temporary: file.type === 'temp', file };
}

function readFile(item: Record<string, unknown>): OutputFile | null {
  const filename = readString(item, 'filename');
  if (filename === undefined || filename === '') return null;
  const type = readString(item, 'type');
  const format = readString(item, 'format');
  return {
    filename,
    subfolder: readString(item, 'subfolder') ?? '',
    type: type === 'temp' || type === 'input' ? type : 'output',
    ...(format === undefined ? {} : { format }),
  };
}
