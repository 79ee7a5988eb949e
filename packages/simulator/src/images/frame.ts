import { compressRows, type Pixels, writeChunk, writeHead } from './png.ts';

/** A picture that is drawn only when its pixels are needed. Frames with equal keys look the same. */
export interface Frame {
  readonly key: string;
  readonly width: number;
  readonly height: number;
  /** RGB pixels. */
  draw(): Pixels;
}

/** Header and IDAT of a frame; text chunks go between them. */
export interface EncodedFrame {
  readonly head: Buffer;
  readonly idat: Buffer;
}

/** Encodes frames and caches the newest results, so that equal pictures are compressed once. */
export class FrameEncoder {
  private readonly cache = new Map<string, EncodedFrame>();
  private readonly limit: number;
  constructor(limit = 256) {
    this.limit = limit;
  }

  encode(frame: Frame): EncodedFrame {
    const key = `${frame.width}x${frame.height}:${frame.key}`;
    const known = this.cache.get(key);
    if (known !== undefined) return known;
    const pixels = frame.draw();
    const encoded = {
      head: writeHead(pixels.width, pixels.height, pixels.channels),
      idat: writeChunk('IDAT', compressRows(pixels)),
    };
    if (this.cache.size >= this.limit) {
      const oldest = this.cache.keys().next().value;
      if (oldest !== undefined) this.cache.delete(oldest);
    }
    this.cache.set(key, encoded);
    return encoded;
  }
}

/** One colour, 0xRRGGBB. */
export function solidFrame(width: number, height: number, color: number): Frame {
  return {
    key: `solid ${color}`,
    width,
    height,
    draw() {
      const data = new Uint8Array(width * height * 3);
      const rgb = [(color >> 16) & 255, (color >> 8) & 255, color & 255];
      for (let i = 0; i < data.length; i += 1) data[i] = rgb[i % 3] ?? 0;
      return { width, height, channels: 3, data };
    },
  };
}

/** Inverts every channel: 255 − value. */
export function invertFrame(frame: Frame): Frame {
  return {
    key: `invert(${frame.key})`,
    width: frame.width,
    height: frame.height,
    draw() {
      const pixels = frame.draw();
      return { ...pixels, data: pixels.data.map((value) => 255 - value) };
    },
  };
}

/** Nearest-neighbour scaling; 0 for one side keeps the aspect ratio, as ImageScale does. */
export function scaleFrame(frame: Frame, width: number, height: number): Frame {
  const newWidth = width > 0 ? width : Math.max(1, Math.round((frame.width * height) / frame.height));
  const newHeight = height > 0 ? height : Math.max(1, Math.round((frame.height * width) / frame.width));
  return {
    key: `scale(${frame.key} ${frame.width}x${frame.height})`,
    width: newWidth,
    height: newHeight,
    draw() {
      const source = frame.draw();
      const data = new Uint8Array(newWidth * newHeight * 3);
      for (let y = 0; y < newHeight; y += 1) {
        const fromY = Math.floor((y * source.height) / newHeight);
        for (let x = 0; x < newWidth; x += 1) {
          const from = (fromY * source.width + Math.floor((x * source.width) / newWidth)) * source.channels;
          data.set(source.data.subarray(from, from + 3), (y * newWidth + x) * 3);
        }
      }
      return { width: newWidth, height: newHeight, channels: 3, data };
    },
  };
}

interface Region {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A region of a frame, clipped to its edges; at least one pixel. */
export function cropFrame(frame: Frame, region: Region): Frame {
  const left = Math.min(Math.max(0, region.x), frame.width - 1);
  const top = Math.min(Math.max(0, region.y), frame.height - 1);
  const width = Math.max(1, Math.min(region.width, frame.width - left));
  const height = Math.max(1, Math.min(region.height, frame.height - top));
  return {
    key: `crop(${frame.key} ${frame.width}x${frame.height} ${left},${top})`,
    width,
    height,
    draw() {
      const source = frame.draw();
      const data = new Uint8Array(width * height * 3);
      for (let y = 0; y < height; y += 1) {
        for (let x = 0; x < width; x += 1) {
          const from = ((top + y) * source.width + left + x) * source.channels;
          data.set(source.data.subarray(from, from + 3), (y * width + x) * 3);
        }
      }
      return { width, height, channels: 3, data };
    },
  };
}

/** Mirrors a frame vertically or horizontally. */
export function flipFrame(frame: Frame, axis: 'x' | 'y'): Frame {
  const { width, height } = frame;
  return {
    key: `flip(${frame.key} ${axis})`,
    width,
    height,
    draw() {
      const source = frame.draw();
      const data = new Uint8Array(width * height * 3);
      for (let y = 0; y < height; y += 1) {
        for (let x = 0; x < width; x += 1) {
          const fromX = axis === 'y' ? width - 1 - x : x;
          const fromY = axis === 'x' ? height - 1 - y : y;
          const from = (fromY * source.width + fromX) * source.channels;
          data.set(source.data.subarray(from, from + 3), (y * width + x) * 3);
        }
      }
      return { width, height, channels: 3, data };
    },
  };
}
