import { PNG } from 'pngjs';
import type { Pixels } from './png.ts';

/** PNG colour type flag: the picture has an alpha channel. */
const ALPHA = 4;

/** Decodes a PNG to 8-bit RGBA; undefined if the bytes are not a PNG, or damaged. */
export function readPng(bytes: Buffer): (Pixels & { readonly hasAlpha: boolean }) | undefined {
  try {
    const { width, height, data } = PNG.sync.read(bytes);
    return { width, height, channels: 4, data, hasAlpha: ((bytes[25] ?? 0) & ALPHA) !== 0 };
  } catch {
    return undefined; // the caller reports "cannot identify image file"
  }
}
