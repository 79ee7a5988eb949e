import { PNG } from 'pngjs';
import type { Pixels } from './png.ts';

/** Of PNG's colour types, that of pictures with an alpha channel of their own. */
const ALPHA = 4;

/** Reads a PNG into RGBA of 8 bits; undefined when the bytes are anything else, or damaged. */
export function readPng(bytes: Buffer): (Pixels & { readonly hasAlpha: boolean }) | undefined {
  try {
    const { width, height, data } = PNG.sync.read(bytes);
    return { width, height, channels: 4, data, hasAlpha: ((bytes[25] ?? 0) & ALPHA) !== 0 };
  } catch {
    return undefined; // the caller reports "cannot identify image file"
  }
}
