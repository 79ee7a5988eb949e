import { readPicture } from './content-kind.ts';

/** Mark that every complete PNG has once, in its last chunk. */
const PNG_END = Buffer.from('IEND');

/**
 * Detects from a picture's bytes whether it is complete: a worker, or a proxy in front of it, can cut a file off and announce the
 * shorter length (D1). Files of other kinds, and pictures without an end mark, count as complete.
 */
export class WholePicture {
  #seenEnd = false;
  #tail = Buffer.alloc(0);

  /** Passes the bytes through and inspects them. */
  async *watch(bytes: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
    for await (const chunk of bytes) {
      this.#scan(chunk);
      yield chunk;
    }
  }

  isWhole({ head, sizeBytes }: { head: Uint8Array; sizeBytes: number }): boolean {
    switch (readPicture(head)?.format) {
      case 'png':
        return this.#seenEnd;
      case 'webp':
        // RIFF: the length of what follows the first eight bytes.
        return Buffer.from(head).readUInt32LE(4) + 8 <= sizeBytes;
      default:
        return true;
    }
  }

  /** Searches for the mark, which may span two chunks. */
  #scan(chunk: Uint8Array): void {
    if (this.#seenEnd) return;
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const seam = Buffer.concat([this.#tail, bytes.subarray(0, PNG_END.length - 1)]);
    this.#seenEnd = bytes.includes(PNG_END) || seam.includes(PNG_END);
    this.#tail = Buffer.concat([this.#tail, bytes.subarray(1 - PNG_END.length)]).subarray(1 - PNG_END.length);
  }
}
