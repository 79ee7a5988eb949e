// Our own code, as no maintained library writes what ComfyUI writes: text chunks before the pixels, and animations. Equal
// pictures are compressed once, whatever their text chunks.
import { crc32, deflateSync } from 'node:zlib';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const IEND = writeChunk('IEND', Buffer.alloc(0));

/** Samples per pixel: 3 for RGB, 4 for RGBA. */
export type ChannelCount = 3 | 4;

/** Pixels, row by row, 8 bits per channel. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly channels: ChannelCount;
  readonly data: Uint8Array;
}

/** One PNG chunk: length, type, data, CRC. */
export function writeChunk(type: string, data: Uint8Array): Buffer {
  const chunk = Buffer.alloc(12 + data.length);
  chunk.writeUInt32BE(data.length, 0);
  chunk.write(type, 4, 'latin1');
  chunk.set(data, 8);
  chunk.writeUInt32BE(crc32(chunk.subarray(4, 8 + data.length)), 8 + data.length);
  return chunk;
}

/** Signature and IHDR of a picture with 8 bits per channel. */
export function writeHead(width: number, height: number, channels: ChannelCount): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 8;
  header[9] = channels === 4 ? 6 : 2;
  return Buffer.concat([SIGNATURE, writeChunk('IHDR', header)]);
}

/** A `tEXt` chunk, as ComfyUI writes `prompt` and `workflow`. */
export function writeTextChunk(keyword: string, text: string): Buffer {
  return writeChunk('tEXt', Buffer.from(`${keyword}\0${text}`, 'latin1'));
}

/** The compressed rows (without the chunk around them), filter 0 on each. */
export function compressRows(pixels: Pixels): Buffer {
  const stride = pixels.width * pixels.channels;
  const rows = Buffer.alloc((stride + 1) * pixels.height);
  for (let y = 0; y < pixels.height; y += 1) {
    rows.set(pixels.data.subarray(y * stride, (y + 1) * stride), y * (stride + 1) + 1);
  }
  return deflateSync(rows, { level: 4 });
}

/** Assembles a PNG from its parts; `idat` is a finished IDAT chunk. */
export function assemblePng(head: Uint8Array, texts: readonly Uint8Array[], idat: Uint8Array): Buffer {
  return Buffer.concat([head, ...texts, idat, IEND]);
}

/** Encodes pixels as a PNG file. */
export function encodePng(pixels: Pixels, texts: readonly Uint8Array[] = []): Buffer {
  const head = writeHead(pixels.width, pixels.height, pixels.channels);
  return assemblePng(head, texts, writeChunk('IDAT', compressRows(pixels)));
}

/** Encodes an animated PNG (acTL, fcTL, fdAT), as SaveAnimatedPNG does; frames share one size. */
export function encodeAnimatedPng(
  frames: readonly Pixels[],
  framesPerSecond: number,
  texts: readonly Uint8Array[] = [],
): Buffer {
  const [first] = frames;
  if (first === undefined) throw new RangeError('An animation needs a frame');
  const control = Buffer.alloc(8);
  control.writeUInt32BE(frames.length, 0);
  const parts = [writeHead(first.width, first.height, first.channels), ...texts, writeChunk('acTL', control)];
  let sequence = 0;
  for (const [index, frame] of frames.entries()) {
    parts.push(writeFrameControl(frame, sequence, framesPerSecond));
    sequence += 1;
    if (index === 0) parts.push(writeChunk('IDAT', compressRows(frame)));
    else {
      const number = Buffer.alloc(4);
      number.writeUInt32BE(sequence, 0);
      parts.push(writeChunk('fdAT', Buffer.concat([number, compressRows(frame)])));
      sequence += 1;
    }
  }
  return Buffer.concat([...parts, IEND]);
}

function writeFrameControl(frame: Pixels, sequence: number, framesPerSecond: number): Buffer {
  const data = Buffer.alloc(26);
  data.writeUInt32BE(sequence, 0);
  data.writeUInt32BE(frame.width, 4);
  data.writeUInt32BE(frame.height, 8);
  data.writeUInt16BE(Math.min(65535, Math.round(1000 / framesPerSecond)), 20);
  data.writeUInt16BE(1000, 22);
  return writeChunk('fcTL', data);
}
