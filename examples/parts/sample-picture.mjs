import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';

/**
 * Loads the picture at `path`, or draws one: a red square with a blue corner.
 * @param {string | undefined} path
 */
export async function loadPicture(path) {
  if (path !== undefined) return { name: basename(path), bytes: new Uint8Array(await readFile(path)) };
  return { name: 'square.png', bytes: drawSquare(256) };
}

/**
 * An 8-bit RGB PNG.
 * @param {number} size  width and height in pixels
 */
function drawSquare(size) {
  const rows = Buffer.alloc(size * (1 + size * 3));
  for (let y = 0; y < size; y += 1) {
    for (let x = 0; x < size; x += 1) {
      const isCorner = x < size / 2 && y < size / 2;
      rows.set(isCorner ? [20, 60, 200] : [200, 40, 20], y * (1 + size * 3) + 1 + x * 3);
    }
  }
  const header = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 8, 2, 0, 0, 0]);
  header.writeUInt32BE(size, 0);
  header.writeUInt32BE(size, 4);
  const signature = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);
  return new Uint8Array(
    Buffer.concat([
      signature,
      chunk('IHDR', header),
      chunk('IDAT', deflateSync(rows)),
      chunk('IEND', Buffer.alloc(0)),
    ]),
  );
}

/** @param {string} kind @param {Buffer} data */
function chunk(kind, data) {
  const body = Buffer.concat([Buffer.from(kind, 'latin1'), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length, 0);
  body.copy(framed, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}
