import { StringDecoder } from 'node:string_decoder';
import { type LosslessNumber, readJsonNumber } from '@comfleet/comfyui';
import { plainText } from '@comfleet/contract';
import { AppError } from '../errors/app-error.ts';

/** Limits of a JSON text; `values` are the items of its lists and the members of its objects in total. */
export interface JsonLimits {
  readonly values: number;
  /** In one list or object. */
  readonly members: number;
  readonly depth: number;
  /** Characters of one text: a picture in base64 is the longest valid one. */
  readonly text: number;
}

/** A JSON value twice: with numbers as written (WF23) and with plain ones. Parts without a difference are the same objects. */
export interface ReadJson {
  exact: unknown;
  plain: unknown;
  /** Number of its values. */
  size: number;
}

type Container = unknown[] | Record<string, unknown>;
/** An open container, and the name of its next value. */
interface Level {
  exact: Container;
  plain: Container;
  name: string;
  size: number;
}
/** The tokens allowed next; `first`: also the end of an empty container. */
type Expected = 'value' | 'first value' | 'name' | 'first name' | 'colon' | 'comma' | 'nothing';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** ComfyUI reads whole numbers of up to 4300 digits. */
const LONGEST_NUMBER = 5000;
const WORD = /[-+.\w]+/y;

/**
 * Builds a JSON value while its bytes arrive: however large the text, each piece costs only its own size, and a text beyond a
 * limit is refused before it is built. Accepts what JSON.parse accepts, except names that affect prototypes.
 */
export class JsonReader {
  readonly #limits: JsonLimits;
  readonly #decoder = new StringDecoder('utf8');
  /** The end of the last piece if it is incomplete: a number, a word, an escape. */
  #rest = '';
  /** Parts of the open string; null outside strings. */
  #parts: string[] | null = null;
  /** Characters of all parts. */
  #characters = 0;
  #expected: Expected = 'value';
  readonly #levels: Level[] = [];
  #result: ReadJson = { exact: undefined, plain: undefined, size: 0 };

  constructor(limits: JsonLimits) {
    this.#limits = limits;
  }

  /** Throws BODY_TOO_LARGE naming the exceeded limit, INVALID_REQUEST for invalid JSON. */
  add(bytes: Uint8Array): void {
    this.#read(this.#rest + this.#decoder.write(bytes));
  }

  /** The value; null if there was only white space. Throws as `add`. */
  end(): ReadJson | null {
    // The space ends a number.
    this.#read(`${this.#rest}${this.#decoder.end()} `);
    if (this.#parts !== null) throw noJson();
    if (this.#expected === 'nothing') return this.#result;
    if (this.#expected === 'value' && this.#levels.length === 0) return null;
    throw noJson();
  }

  #read(text: string): void {
    this.#rest = '';
    let at = this.#parts === null ? 0 : this.#readString(this.#parts, text, 0);
    while (at < text.length) at = this.#readToken(text, at);
  }

  /** Returns the start of the next token. */
  #readToken(text: string, at: number): number {
    switch (text.charCodeAt(at)) {
      case 0x20:
      case 0x0a:
      case 0x0d:
      case 0x09:
        return at + 1;
      case QUOTE:
        this.#parts = [];
        this.#characters = 0;
        return this.#readString(this.#parts, text, at + 1);
      case 0x2c:
        this.#expect('comma');
        this.#expected = Array.isArray(this.#levels.at(-1)?.exact) ? 'value' : 'name';
        return at + 1;
      case 0x3a:
        this.#expect('colon');
        this.#expected = 'value';
        return at + 1;
      case 0x7b:
        this.#begin({});
        return at + 1;
      case 0x5b:
        this.#begin([]);
        return at + 1;
      case 0x7d:
        this.#expect('comma', 'first name');
        this.#end('object');
        return at + 1;
      case 0x5d:
        this.#expect('comma', 'first value');
        this.#end('list');
        return at + 1;
      default:
        return this.#readWord(text, at);
    }
  }

  /** Continues the open string. */
  #readString(parts: string[], text: string, start: number): number {
    const end = findStringEnd(text, start);
    const cut = end === text.length ? findCut(text, start) : end;
    const part = readPart(text.slice(start, cut));
    parts.push(part);
    this.#characters += part.length;
    const { text: limit } = this.#limits;
    if (this.#characters > limit) throw tooLarge('text_too_long', limit, 'upload_bytes');
    if (end === text.length) {
      this.#rest = text.slice(cut);
      return end;
    }
    this.#parts = null;
    const string = parts.length === 1 ? (parts[0] ?? '') : parts.join('');
    if (this.#expected === 'name' || this.#expected === 'first name') this.#name(string);
    else this.#add(string);
    return end + 1;
  }

  #readWord(text: string, at: number): number {
    WORD.lastIndex = at;
    const [word = ''] = WORD.exec(text) ?? [];
    if (word === '') throw noJson();
    if (word.length > LONGEST_NUMBER) throw tooLarge('number_too_long', LONGEST_NUMBER);
    const end = at + word.length;
    if (end === text.length) this.#rest = word;
    else {
      const value = readWord(word);
      this.#add(value, typeof value === 'object' && value !== null ? value.valueOf() : value);
    }
    return end;
  }

  #expect(...allowed: Expected[]): void {
    if (!allowed.includes(this.#expected)) throw noJson();
  }

  #name(name: string): void {
    const level = this.#levels.at(-1);
    if (name === '__proto__' || level === undefined) throw forbiddenName();
    level.name = name;
    this.#expected = 'colon';
  }

  #begin(container: Container): void {
    this.#expect('value', 'first value');
    this.#count();
    this.#levels.push({ exact: container, plain: container, name: '', size: 0 });
    if (this.#levels.length > this.#limits.depth)
      throw tooLarge('nested_too_deep', this.#limits.depth, 'json_depth');
    this.#expected = Array.isArray(container) ? 'first value' : 'first name';
  }

  #end(kind: 'list' | 'object'): void {
    const level = this.#levels.pop();
    if (level === undefined || Array.isArray(level.exact) !== (kind === 'list')) throw noJson();
    if (this.#levels.at(-1)?.name === 'constructor' && Object.hasOwn(level.exact, 'prototype'))
      throw forbiddenName();
    this.#put(level.exact, level.plain);
  }

  #add(exact: unknown, plain: unknown = exact): void {
    this.#expect('value', 'first value');
    this.#count();
    this.#put(exact, plain);
  }

  #count(): void {
    const level = this.#levels.at(-1);
    if (level === undefined) return;
    level.size += 1;
    this.#result.size += 1;
    const { members, values } = this.#limits;
    if (level.size > members) throw tooLarge('too_many_members', members, 'json_members');
    if (this.#result.size > values) throw tooLarge('too_many_values', values, 'json_values');
  }

  /** Adds a complete value to the open container. */
  #put(exact: unknown, plain: unknown): void {
    const level = this.#levels.at(-1);
    this.#expected = level === undefined ? 'nothing' : 'comma';
    if (level === undefined) {
      this.#result = { ...this.#result, exact, plain };
      return;
    }
    if (level.plain === level.exact && plain !== exact) level.plain = copy(level.exact);
    if (level.plain !== level.exact) put(level.plain, level.name, plain);
    put(level.exact, level.name, exact);
  }
}

function put(container: Container, name: string, value: unknown): void {
  if (Array.isArray(container)) container.push(value);
  else container[name] = value;
}

function copy(container: Container): Container {
  return Array.isArray(container) ? [...container] : { ...container };
}

function readWord(word: string): boolean | null | number | LosslessNumber {
  if (word === 'true') return true;
  if (word === 'false') return false;
  if (word === 'null') return null;
  return translate(() => readJsonNumber(word));
}

function readPart(text: string): string {
  return translate(() => JSON.parse(`"${text}"`) as string);
}

function translate<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw noJson(cause);
  }
}

/** The closing quote of the string that continues at `start`, or the end of the text. */
function findStringEnd(text: string, start: number): number {
  for (let end = text.indexOf('"', start); end !== -1; end = text.indexOf('"', end + 1)) {
    if (countBackslashes(text, start, end) % 2 === 0) return end;
  }
  return text.length;
}

/** The end of the part of an incomplete string that can be decoded by itself: before an escape that is cut off. */
function findCut(text: string, start: number): number {
  for (let at = text.length; at >= start && at > text.length - 6; at -= 1) {
    if (text.charCodeAt(at) !== BACKSLASH) continue;
    const isEscape = countBackslashes(text, start, at) % 2 === 0;
    return isEscape && (at === text.length - 1 || text[at + 1] === 'u') ? at : text.length;
  }
  return text.length;
}

/** Number of backslashes directly before `end`. */
function countBackslashes(text: string, start: number, end: number): number {
  let count = 0;
  while (end - 1 - count >= start && text.charCodeAt(end - 1 - count) === BACKSLASH) count += 1;
  return count;
}

function noJson(cause?: unknown): AppError {
  return new AppError(
    'INVALID_REQUEST',
    { reason: 'the body is not JSON', message_text: plainText('reason.no_json') },
    { cause },
  );
}

/** Names that would change prototypes when such a tree is copied. */
function forbiddenName(): AppError {
  return new AppError('INVALID_REQUEST', {
    reason: 'forbidden_name',
    message_text: plainText('reason.forbidden_name'),
  });
}

function tooLarge(reason: string, limit: number, setting?: string): AppError {
  return new AppError('BODY_TOO_LARGE', {
    reason,
    limit,
    ...(setting !== undefined && {
      setting: `limits.${setting}`,
      message_text: { code: 'reason.too_large', params: { limit, setting: `limits.${setting}` } },
    }),
  });
}
