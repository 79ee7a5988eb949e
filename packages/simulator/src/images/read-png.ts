import { inflateSync } from 'node:zlib';
import type { Pixels } from './png.ts';

interface Header {
  readonly width: number;
  readonly height: number;
  readonly colorType: number;
}

const SAMPLES: Record<number, number> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

/** Reads an 8-bit, non-interlaced PNG into RGBA; undefined when the bytes are anything else. */
export function readPng(bytes: Buffer): (Pixels & { readonly hasAlpha: boolean }) | undefined {
  if (bytes.length < 33 || bytes.readUInt32BE(0) !== 0x89504e47) return undefined;
  const header: Header = {
    width: bytes.readUInt32BE(16),
    height: bytes.readUInt32BE(20),
    colorType: bytes[25] ?? 0,
  };
  const samples = SAMPLES[header.colorType];
  if (bytes[24] !== 8 || bytes[28] !== 0 || samples === undefined) return undefined;
  const { compressed, palette } = collectChunks(bytes);
  let rows: Buffer;
  try {
    rows = inflateSync(compressed);
  } catch {
    return undefined; // damaged picture data: the caller reports "cannot identify image file"
  }
  const stride = header.width * samples;
  if (rows.length < (stride + 1) * header.height) return undefined;
  const plain = undoFilters(rows, stride, header.height, samples);
  const data = toRgba(plain, header, palette);
  return { width: header.width, height: header.height, channels: 4, data, hasAlpha: header.colorType >= 4 };
}

function collectChunks(bytes: Buffer): { compressed: Buffer; palette: Buffer } {
  const parts: Buffer[] = [];
  let palette: Buffer = Buffer.alloc(0);
  let offset = 8;
  while (offset + 12 <= bytes.length) {
    const length = bytes.readUInt32BE(offset);
    const type = bytes.toString('latin1', offset + 4, offset + 8);
    const data = bytes.subarray(offset + 8, offset + 8 + length);
    if (type === 'IDAT') parts.push(data);
    if (type === 'PLTE') palette = data;
    offset += 12 + length;
  }
  return { compressed: Buffer.concat(parts), palette };
}

function undoFilters(rows: Buffer, stride: number, height: number, samples: number): Uint8Array {
  const plain = new Uint8Array(stride * height);
  for (let y = 0; y < height; y += 1) {
    const filter = rows[y * (stride + 1)] ?? 0;
    for (let x = 0; x < stride; x += 1) {
      const raw = rows[y * (stride + 1) + 1 + x] ?? 0;
      const left = x >= samples ? (plain[y * stride + x - samples] ?? 0) : 0;
      const up = y > 0 ? (plain[(y - 1) * stride + x] ?? 0) : 0;
      const upLeft = y > 0 && x >= samples ? (plain[(y - 1) * stride + x - samples] ?? 0) : 0;
      plain[y * stride + x] = (raw + predict(filter, left, up, upLeft)) & 255;
    }
  }
  return plain;
}

function predict(filter: number, left: number, up: number, upLeft: number): number {
  switch (filter) {
    case 1:
      return left;
    case 2:
      return up;
    case 3:
      return (left + up) >> 1;
    case 4:
      return paeth(left, up, upLeft);
    default:
      return 0;
  }
}

function paeth(left: number, up: number, upLeft: number): number {
  const estimate = left + up - upLeft;
  const toLeft = Math.abs(estimate - left);
  const toUp = Math.abs(estimate - up);
  const toUpLeft = Math.abs(estimate - upLeft);
  if (toLeft <= toUp && toLeft <= toUpLeft) return left;
  return toUp <= toUpLeft ? up : upLeft;
}

function toRgba(plain: Uint8Array, header: Header, palette: Buffer): Uint8Array {
  const count = header.width * header.height;
  const rgba = new Uint8Array(count * 4);
  for (let i = 0; i < count; i += 1) rgba.set(readPixel(plain, i, header.colorType, palette), i * 4);
  return rgba;
}

function readPixel(plain: Uint8Array, i: number, colorType: number, palette: Buffer): number[] {
  const at = (index: number): number => plain[index] ?? 0;
  switch (colorType) {
    case 2:
      return [at(i * 3), at(i * 3 + 1), at(i * 3 + 2), 255];
    case 3: {
      const entry = at(i) * 3;
      return [palette[entry] ?? 0, palette[entry + 1] ?? 0, palette[entry + 2] ?? 0, 255];
    }
    case 4:
      return [at(i * 2), at(i * 2), at(i * 2), at(i * 2 + 1)];
    case 6:
      return [at(i * 4), at(i * 4 + 1), at(i * 4 + 2), at(i * 4 + 3)];
    default:
      return [at(i), at(i), at(i), 255];
  }
}
