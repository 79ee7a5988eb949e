import { deflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { readContentType, readPicture } from './content-kind.ts';

describe('media type of a file by its name', () => {
  test.each([
    ['a.png', 'image/png'],
    ['a.JPG', 'image/jpeg'],
    ['a.webp', 'image/webp'],
    ['a.gif', 'image/gif'],
    ['deep.exr', 'image/x-exr'],
    ['clip_00001_.mp4', 'video/mp4'],
    ['clip.webm', 'video/webm'],
    ['sound.flac', 'audio/flac'],
    ['sound.mp3', 'audio/mpeg'],
    ['note.txt', 'text/plain; charset=utf-8'],
    ['said.srt', 'application/x-subrip'],
    ['x.latent', 'application/octet-stream'],
    ['mesh.glb', 'model/gltf-binary'],
    ['mesh.obj', 'model/obj'],
    ['cloud.ply', 'application/octet-stream'],
    ['unknown.xyz', 'application/octet-stream'],
    ['no-extension', 'application/octet-stream'],
  ])('RS2 %s is %s', (name, contentType) => {
    expect(readContentType(name)).toBe(contentType);
  });
});

function bytes(...parts: (number[] | string)[]): Uint8Array {
  return Buffer.concat(
    parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : Buffer.from(part))),
  );
}

const PNG = bytes(
  [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a],
  [0, 0, 0, 13],
  'IHDR',
  [0, 0, 2, 0],
  [0, 0, 1, 0],
);
const GIF = bytes('GIF89a', [0x40, 0x01, 0xf0, 0x00]);
/** A JPEG starts with any number of segments; the size is in the frame header, height first. */
const JPEG = bytes(
  [0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2],
  [0xff, 0xc4, 0, 4, 9, 9],
  [0xff, 0xc0, 0, 11, 8, 0x01, 0x00, 0x02, 0x00, 3, 0, 0],
);
const WEBP_EXTENDED = bytes(
  'RIFF',
  [0, 0, 0, 0],
  'WEBPVP8X',
  [10, 0, 0, 0],
  [0, 0, 0, 0],
  [0xff, 0x01, 0],
  [0xff, 0, 0],
);
const WEBP_LOSSY = bytes(
  'RIFF',
  [0, 0, 0, 0],
  'WEBPVP8 ',
  [0, 0, 0, 0],
  [0, 0, 0, 0x9d, 0x01, 0x2a],
  [0x00, 0x42],
  [0x00, 0x41],
);
/** 14 bits of width − 1, then 14 bits of height − 1. */
const WEBP_LOSSLESS = bytes(
  'RIFF',
  [0, 0, 0, 0],
  'WEBPVP8L',
  [0, 0, 0, 0],
  [0x2f],
  [0xff, 0xc1, 0x3f, 0x00],
  [0, 0, 0, 0, 0],
);

describe('picture by its first bytes', () => {
  test.each([
    ['png', PNG, { format: 'png', width: 512, height: 256 }],
    ['gif', GIF, { format: 'gif', width: 320, height: 240 }],
    ['jpg', JPEG, { format: 'jpg', width: 512, height: 256 }],
    ['webp, extended', WEBP_EXTENDED, { format: 'webp', width: 512, height: 256 }],
    ['webp, lossy', WEBP_LOSSY, { format: 'webp', width: 512, height: 256 }],
    ['webp, lossless', WEBP_LOSSLESS, { format: 'webp', width: 512, height: 256 }],
  ])('RS9 %s is known with its size', (_name, head, picture) => {
    expect(readPicture(head)).toEqual(picture);
  });

  test('the frames of an animated PNG are read from before its pixels', () => {
    const animation = bytes([0, 0, 0, 8], 'acTL', [0, 1, 0x86, 0xa0], [0, 0, 0, 0], [0, 0, 0, 0]);
    const pixels = bytes([0, 0, 0, 0], 'IDAT', [0, 0, 0, 0]);
    const start = bytes([...PNG], [8, 6, 0, 0, 0], [0, 0, 0, 0]);
    const head = Buffer.concat([start, animation, pixels]);
    const known = { format: 'png', width: 512, height: 256 };

    expect(readPicture(head)).toEqual({ ...known, frames: 100_000 });
    expect(readPicture(Buffer.concat([start, pixels, animation]))).toEqual(known);
  });

  test.each([
    ['nothing', new Uint8Array()],
    ['HTML under a picture’s name', bytes('<!doctype html><title>Not found</title>')],
    ['a deflated stream', new Uint8Array(deflateSync(Buffer.from('x')))],
    ['a PNG cut off in its signature', PNG.subarray(0, 7)],
    ['sound in a RIFF file', bytes('RIFF', [0, 0, 0, 0], 'WAVEfmt ')],
  ])('RS8 %s is not a picture', (_name, head) => {
    expect(readPicture(head)).toBeNull();
  });

  test('a picture whose size lies beyond the bytes at hand is one of unknown size', () => {
    expect(readPicture(JPEG.subarray(0, 10))).toEqual({ format: 'jpg', width: null, height: null });
    expect(readPicture(WEBP_LOSSY.subarray(0, 20))).toEqual({ format: 'webp', width: null, height: null });
  });

  test('reads the right bytes of a view into a larger buffer', () => {
    const larger = Buffer.concat([Buffer.from('in front of it'), PNG]);

    expect(readPicture(larger.subarray(14))).toEqual({ format: 'png', width: 512, height: 256 });
  });
});
