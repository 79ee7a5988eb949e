import { isRecord, readString } from '../json/records.ts';
import type { CollectedOutput, OutputFile, OutputKind } from './collected-output.ts';

const EXTENSIONS: Record<string, OutputKind> = Object.fromEntries([
  ...['png', 'jpg', 'jpeg', 'webp', 'gif', 'bmp', 'tif', 'tiff', 'svg', 'exr', 'avif', 'apng'].map((e) => [
    e,
    'image',
  ]),
  ...['mp4', 'webm', 'mkv', 'mov', 'avi', 'm4v', 'mpg', 'mpeg'].map((e) => [e, 'video']),
  ...['flac', 'mp3', 'opus', 'wav', 'ogg', 'm4a', 'aac'].map((e) => [e, 'audio']),
  ...['txt', 'json', 'md', 'csv', 'srt', 'vtt'].map((e) => [e, 'text']),
  ['latent', 'latent'],
]);

/**
 * Collects everything from the `outputs` of a history entry: all keys, file objects at any depth, texts (protocol 7.4).
 * Values that are neither (`animated: [true]`, camera data) are left out. Never throws.
 */
export function readOutputs(outputs: unknown): CollectedOutput[] {
  if (!isRecord(outputs)) return [];
  return Object.entries(outputs).flatMap(([nodeId, output]) =>
    isRecord(output) ? Object.entries(output).flatMap(([key, value]) => readKey(nodeId, key, value)) : [],
  );
}

function readKey(nodeId: string, key: string, value: unknown): CollectedOutput[] {
  const found: CollectedOutput[] = [];
  const place = (): { nodeId: string; key: string; index: number } => ({ nodeId, key, index: found.length });
  const walk = (item: unknown, depth: number): void => {
    if (typeof item === 'string' && depth <= 1) {
      found.push({ ...place(), kind: 'text', temporary: false, text: item });
    } else if (Array.isArray(item) && depth < 8) {
      for (const inner of item) walk(inner, depth + 1);
    } else if (isRecord(item) && depth < 8) {
      const file = readFile(item);
      if (file === null) for (const inner of Object.values(item)) walk(inner, depth + 2);
      else found.push({ ...place(), kind: tellKind(file), temporary: file.type === 'temp', file });
    }
  };
  walk(value, 0);
  return found;
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

function tellKind(file: OutputFile): OutputKind {
  const byExtension = EXTENSIONS[file.filename.slice(file.filename.lastIndexOf('.') + 1).toLowerCase()];
  if (byExtension !== undefined) return byExtension;
  const family = file.format?.split('/')[0];
  return family === 'image' || family === 'video' || family === 'audio' || family === 'text'
    ? family
    : 'file';
}
