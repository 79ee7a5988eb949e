import { concatBytes } from '../http/multipart.ts';
import { toCutMark } from './cut-text.ts';

/** Limits of a JSON text from outside: the time to read and use it grows with its values, not with its bytes. */
export interface JsonLimits {
  /** Bytes that are kept. */
  bytes: number;
  /** Items of lists and members of objects in total. */
  values: number;
}

/** A JSON text exceeds a limit, which the message names. */
export class JsonTooLarge extends Error {}

/** The rest of a longer string is dropped while it arrives. */
const STRING_BYTES = 1024 * 1024;
/** Deeper values could overflow the stack of code that walks them. */
export const MAX_JSON_DEPTH = 1000;

const [QUOTE, BACKSLASH, COMMA, LETTER_U] = [0x22, 0x5c, 0x2c, 0x75];
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];

/**
 * Receives a JSON text in chunks, valid or not, and keeps what is to be parsed. Strings above 1 MiB end in a mark with the number
 * of bytes cut; a text beyond a limit is refused before any of it is built.
 */
export class JsonBytes {
  readonly #limits: JsonLimits;
  readonly #stringBytes: number;
  #kept: Uint8Array[] = [];
  #bytes = 0;
  #values = 0;
  #depth = 0;
  /** Start of the part of this chunk that is not kept yet. */
  #from = 0;
  #isInString = false;
  /** Bytes kept of the open string. */
  #length = 0;
  /** Bytes dropped of the open string; null while it is kept. */
  #dropped: number | null = null;
  /** Remaining characters of an escape; `any` right after its backslash. */
  #escape: number | 'any' = 0;

  constructor(limits: JsonLimits, stringBytes = STRING_BYTES) {
    this.#limits = limits;
    this.#stringBytes = stringBytes;
  }

  /** Throws JsonTooLarge. */
  add(chunk: Uint8Array): void {
    this.#from = 0;
    for (let at = 0; at < chunk.length; ) {
      if (this.#isInString) at = this.#passString(chunk, at);
      else {
        this.#count(chunk[at] ?? 0);
        at += 1;
      }
    }
    if (this.#dropped === null) this.#keep(chunk.subarray(this.#from));
  }

  /** Joins all that was kept. */
  join(): Uint8Array {
    return concatBytes(this.#kept);
  }

  /** Continues in a string. Returns where it stopped: after its end, after a part of an escape, or at the end of the chunk. */
  #passString(chunk: Uint8Array, start: number): number {
    if (this.#escape !== 0) {
      this.#passCharacters(1);
      if (this.#escape === 'any') this.#escape = chunk[start] === LETTER_U ? 4 : 0;
      else this.#escape -= 1;
      return start + 1;
    }
    const end = findSpecial(chunk, start);
    this.#cutIn(chunk, start, end);
    this.#passCharacters(end - start);
    if (end === chunk.length) return end;
    if (chunk[end] === QUOTE) this.#endString(end);
    else {
      this.#passCharacters(1);
      this.#escape = 'any';
    }
    return end + 1;
  }

  /** Starts to drop once the string is long enough: before a character, never inside one. */
  #cutIn(chunk: Uint8Array, start: number, end: number): void {
    if (this.#dropped !== null || this.#length + end - start < this.#stringBytes) return;
    let at = start + Math.max(0, this.#stringBytes - this.#length);
    while (at < end && ((chunk[at] ?? 0) & 0xc0) === 0x80) at += 1;
    // A string may end exactly here.
    if (at === end && chunk[end] !== BACKSLASH) return;
    this.#keep(chunk.subarray(this.#from, at));
    this.#length = at - start + this.#length;
    this.#dropped = start - at;
  }

  #passCharacters(count: number): void {
    if (this.#dropped === null) this.#length += count;
    else this.#dropped += count;
  }

  #endString(at: number): void {
    this.#isInString = false;
    if (this.#dropped === null) return;
    this.#keep(new TextEncoder().encode(` ${toCutMark(this.#dropped)}`));
    this.#dropped = null;
    this.#from = at;
  }

  #count(byte: number): void {
    switch (byte) {
      case QUOTE:
        this.#isInString = true;
        this.#length = 0;
        return;
      case COMMA:
        this.#addValue();
        return;
      case OPEN_LIST:
      case OPEN_OBJECT:
        this.#addValue();
        this.#depth += 1;
        if (this.#depth > MAX_JSON_DEPTH)
          throw new JsonTooLarge(`more than ${MAX_JSON_DEPTH} values inside of each other`);
        return;
      case CLOSE_LIST:
      case CLOSE_OBJECT:
        this.#depth -= 1;
    }
  }

  #addValue(): void {
    this.#values += 1;
    const { values } = this.#limits;
    if (this.#values > values) throw new JsonTooLarge(`more than ${values} values`);
  }

  #keep(part: Uint8Array): void {
    this.#bytes += part.length;
    const { bytes } = this.#limits;
    if (this.#bytes > bytes) throw new JsonTooLarge(`more than ${bytes} bytes`);
    this.#kept.push(part);
  }
}

/** Position of the next quote or backslash, or the end. */
function findSpecial(chunk: Uint8Array, start: number): number {
  let at = start;
  while (at < chunk.length && chunk[at] !== QUOTE && chunk[at] !== BACKSLASH) at += 1;
  return at;
}
