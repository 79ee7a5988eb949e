import { readPicture } from './content-kind.ts';

/** What every whole PNG holds once, in its last chunk. */
const PNG_END = Buffer.from('IEND');

/**
 * Tells from a picture's bytes on their way whether it came whole: a worker, or a proxy before it, can cut a file off and
 * announce the shorter length (D1). Files of other kinds, and pictures without an end mark, count as whole.
 */
export class WholePicture {
  #seenEnd = false;
  #tail = Buffer.alloc(0);

  /** The same bytes, looked at as they pass. */
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

  /** The mark may lie across two chunks. */
  #scan(chunk: Uint8Array): void {
    if (this.#seenEnd) return;
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const seam = Buffer.concat([this.#tail, bytes.subarray(0, PNG_END.length - 1)]);
    this.#seenEnd = bytes.includes(PNG_END) || seam.includes(PNG_END);
    this.#tail = Buffer.concat([this.#tail, bytes.subarray(1 - PNG_END.length)]).subarray(1 - PNG_END.length);
  }
}
