import { numberedName, planSave, type SavePath } from '../files/save-path.ts';
import type { Frame } from '../images/frame.ts';
import { assemblePng, writeTextChunk } from '../images/png.ts';
import { type Writable, writeJson } from '../json/lossless-json.ts';
import { type NodeContext, NodeFailure } from './node-run.ts';

/** Folders that nodes write results to. */
export type ResultFolder = 'output' | 'temp';

/** Where the next file of a prefix goes. A prefix that points outside the folder fails the node, as in ComfyUI. */
export function planFor(
  context: NodeContext,
  folder: ResultFolder,
  { prefix, frame }: { readonly prefix: string; readonly frame?: Frame | undefined },
): SavePath {
  try {
    const size = { width: frame?.width ?? 0, height: frame?.height ?? 0, now: context.clock.now() };
    return planSave(context.files, folder, prefix, size);
  } catch (error) {
    throw new NodeFailure('Exception', error instanceof Error ? error.message : String(error));
  }
}

interface ResultPlace {
  readonly folder: ResultFolder;
  readonly subfolder: string;
  readonly name: string;
}

/** Writes a file and returns its object for the shown result. */
export function writeOne(
  context: NodeContext,
  { folder, subfolder, name }: ResultPlace,
  bytes: Buffer,
): { filename: string; subfolder: string; type: ResultFolder } {
  context.writeFile(folder, subfolder === '' ? name : `${subfolder}/${name}`, bytes);
  return { filename: name, subfolder, type: folder };
}

/** Text chunks as ComfyUI writes them: `prompt`, then every key of extra_pnginfo. */
export function writeMetadata(context: NodeContext): Buffer[] {
  if (context.disableMetadata) return [];
  const chunks = [writeTextChunk('prompt', context.promptJson)];
  for (const [key, value] of context.extraPngInfo ?? []) chunks.push(writeTextChunk(key, writeJson(value)));
  return chunks;
}

/** A frame as a PNG file with metadata. */
export function encodeFrame(context: NodeContext, frame: Frame): Buffer {
  const { head, idat } = context.encoder.encode(frame);
  return assemblePng(head, writeMetadata(context), idat);
}

/** Saves pictures as `prefix_00001_.png` and so on. */
export function saveFrames(
  context: NodeContext,
  folder: ResultFolder,
  { prefix, frames }: { readonly prefix: string; readonly frames: readonly Frame[] },
): Writable[] {
  const at = planFor(context, folder, { prefix, frame: frames[0] });
  const texts = writeMetadata(context);
  return frames.map((frame, index) => {
    const { head, idat } = context.encoder.encode(frame);
    const place = { folder, subfolder: at.subfolder, name: numberedName(at, index, 'png') };
    return writeOne(context, place, assemblePng(head, texts, idat));
  });
}
