import { createHash } from 'node:crypto';
import { readPng } from '../../packages/simulator/src/images/read-png.ts';

/** The colours of a PNG, 0xRRGGBB, each once. Throws if the bytes are not a complete picture. */
export function listColours(png: Buffer): number[] {
  const data = readPixels(png);
  const colours = new Set<number>();
  for (let at = 0; at < data.length; at += 4)
    colours.add(((data[at] ?? 0) << 16) | ((data[at + 1] ?? 0) << 8) | (data[at + 2] ?? 0));
  return [...colours];
}

/** SHA-256 of the pixels alone: the graph that ComfyUI writes into its files does not count. */
export function hashPixels(png: Buffer): string {
  return createHash('sha256').update(readPixels(png)).digest('hex');
}

function readPixels(png: Buffer): Uint8Array {
  const picture = readPng(png);
  if (!picture) throw new Error('not a whole picture');
  return picture.data;
}
