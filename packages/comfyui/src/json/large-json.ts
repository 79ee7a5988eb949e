import type { TimeSlice } from '../time/time-slice.ts';
import { parseTolerantJson } from './tolerant-json.ts';

/** Parsed in one go; longer texts are parsed in pieces of about this size. */
const PIECE_BYTES = 64 * 1024;

const [QUOTE, BACKSLASH, COMMA, COLON] = [0x22, 0x5c, 0x2c, 0x3a];
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];

/**
 * Parses UTF-8 JSON of any size without blocking the thread: it yields between pieces. Between large parts, not every missing
 * comma is detected. Throws SyntaxError.
 */
export async function parseLargeJson(
  bytes: Uint8Array,
  slice: Pick<TimeSlice, 'yieldIfSpent'>,
  pieceBytes = PIECE_BYTES,
): Promise<unknown> {
  if (bytes.length <= pieceBytes) return parseTolerantJson(decode(bytes, 0, bytes.length));
  const reading = new LargeReading(bytes, pieceBytes);
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    reading.read(at, Math.min(bytes.length, at + pieceBytes));
    await slice.yieldIfSpent();
  }
  return reading.end();
}

/** A list or an object that is not closed yet. */
interface Open {
  isList: boolean;
  /** Start of its unparsed members; null right after a parsed part. */
  run: number | null;
  /** Start of the current member, and the colon after its name. */
  member: number;
  colon: number;
  /** The parsed part; null while everything is small. */
  built: unknown[] | Record<string, unknown> | null;
}

class LargeReading {
  readonly #bytes: Uint8Array;
  readonly #pieceBytes: number;
  readonly #open: Open[] = [];
  #isInString = false;
  #isEscaped = false;
  #result: { value: unknown } | null = null;

  constructor(bytes: Uint8Array, pieceBytes: number) {
    this.#bytes = bytes;
    this.#pieceBytes = pieceBytes;
  }

  read(from: number, to: number): void {
    for (let at = from; at < to; at += 1) {
      if (this.#isInString) at = this.#passString(at, to);
      else this.#passByte(this.#bytes[at], at);
    }
  }

  /** The end of the string, or the last position that was checked. */
  #passString(from: number, to: number): number {
    for (let at = from; at < to; at += 1) {
      const byte = this.#bytes[at];
      if (this.#isEscaped) this.#isEscaped = false;
      else if (byte === BACKSLASH) this.#isEscaped = true;
      else if (byte === QUOTE) {
        this.#isInString = false;
        return at;
      }
    }
    return to;
  }

  #passByte(byte: number | undefined, at: number): void {
    if (byte === QUOTE) this.#isInString = true;
    else if (byte === COMMA) this.#separate(at);
    else if (byte === COLON) this.#top().colon = at;
    else if (byte === OPEN_LIST || byte === OPEN_OBJECT) this.#begin(byte === OPEN_LIST, at);
    else if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) this.#close(byte === CLOSE_LIST, at);
  }

  end(): unknown {
    if (this.#result === null || this.#open.length > 0) throw new SyntaxError('JSON ends too early');
    return this.#result.value;
  }

  #separate(at: number): void {
    const top = this.#top();
    if (top.run === null) top.run = at + 1;
    else if (at - top.run > this.#pieceBytes) {
      this.#parseRun(top, at);
      top.run = at + 1;
    }
    top.member = at + 1;
  }

  #begin(isList: boolean, at: number): void {
    if (this.#result !== null) throw new SyntaxError('JSON goes on after its end');
    this.#open.push({ isList, run: at + 1, member: at + 1, colon: -1, built: null });
  }

  #close(isList: boolean, at: number): void {
    const closed = this.#open.pop();
    if (closed?.isList !== isList) throw new SyntaxError('JSON closes what is not open');
    const parent = this.#open.at(-1);
    // A small one is parsed together with its surroundings.
    if (closed.built === null && parent) return;
    this.#parseRun(closed, at);
    if (parent) this.#putInto(parent, closed.built);
    else this.#result = { value: closed.built };
  }

  /** Puts a parsed part in its place. */
  #putInto(parent: Open, value: unknown): void {
    if (parent.run !== null && parent.member > parent.run) this.#parseRun(parent, parent.member - 1);
    const { isList, member, colon } = parent;
    if (isList) addTo(parent, [value]);
    else addTo(parent, { [String(parseTolerantJson(decode(this.#bytes, member, colon)))]: value });
    parent.run = null;
  }

  #parseRun(open: Open, end: number): void {
    const text = open.run === null ? '' : decode(this.#bytes, open.run, end);
    const [before, after] = open.isList ? '[]' : '{}';
    addTo(open, parseTolerantJson(`${before}${text}${after}`));
    open.run = null;
  }

  #top(): Open {
    const top = this.#open.at(-1);
    if (!top) throw new SyntaxError('JSON does not begin with a list or an object');
    return top;
  }
}

function addTo(open: Open, parts: unknown): void {
  if (Array.isArray(parts)) {
    const list = Array.isArray(open.built) ? open.built : [];
    for (const part of parts) list.push(part);
    open.built = list;
    return;
  }
  const object = open.built === null || Array.isArray(open.built) ? {} : open.built;
  for (const [name, value] of Object.entries(parts as object)) {
    // Plain assignment of `__proto__` would change the object's prototype; JSON.parse treats it as a name like any other.
    Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
  }
  open.built = object;
}

function decode(bytes: Uint8Array, from: number, to: number): string {
  return new TextDecoder().decode(bytes.subarray(from, to));
}
