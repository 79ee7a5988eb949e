import { concatBytes } from '../http/multipart.ts';
import { toCutMark } from './cut-text.ts';

/** What a JSON text from outside may be made of: how long it takes to read and to use grows with its values, not with its bytes. */
export interface JsonLimits {
  /** That are kept. */
  bytes: number;
  /** Items of lists and members of objects, all together. */
  values: number;
}

/** A JSON text is beyond a limit, which the message names. */
export class JsonTooLarge extends Error {}

/** Of a longer string the rest is dropped while it arrives. */
const STRING_BYTES = 1024 * 1024;
/** Deeper values could overflow the stack of whoever walks them. */
const DEEPEST = 1000;

const [QUOTE, BACKSLASH, COMMA, LETTER_U] = [0x22, 0x5c, 0x2c, 0x75];
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];

/**
 * Takes a JSON text as it arrives, JSON or not, and keeps what is to be parsed: strings above 1 MiB end in a mark of how much more
 * there was, and what is beyond a limit is refused before anything of it is built.
 */
export class JsonBytes {
  readonly #limits: JsonLimits;
  readonly #stringBytes: number;
  #kept: Uint8Array[] = [];
  #bytes = 0;
  #values = 0;
  #depth = 0;
  /** Where in this chunk begins what is not kept yet. */
  #from = 0;
  #isInString = false;
  /** Bytes of the string that is open, as far as they are kept. */
  #length = 0;
  /** And those that were dropped; null while it is kept. */
  #dropped: number | null = null;
  /** What is still to come of an escape; `any` right after its backslash. */
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

  /** All that was kept, in one. */
  join(): Uint8Array {
    return concatBytes(this.#kept);
  }

  /** Reads on in a string; answers where it stopped: behind its end, behind a part of an escape, or at the chunk's end. */
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

  /** Begins to drop where the string is long enough: before a character, never inside of one. */
  #cutIn(chunk: Uint8Array, start: number, end: number): void {
    if (this.#dropped !== null || this.#length + end - start < this.#stringBytes) return;
    let at = start + Math.max(0, this.#stringBytes - this.#length);
    while (at < end && ((chunk[at] ?? 0) & 0xc0) === 0x80) at += 1;
    // A string may end here just so.
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
        if (this.#depth > DEEPEST) throw new JsonTooLarge(`more than ${DEEPEST} values inside of each other`);
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

/** The next quote or backslash, or the end. */
function findSpecial(chunk: Uint8Array, start: number): number {
  let at = start;
  while (at < chunk.length && chunk[at] !== QUOTE && chunk[at] !== BACKSLASH) at += 1;
  return at;
}
