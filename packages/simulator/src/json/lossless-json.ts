/** A number whose text JavaScript would change: 18446744073709551615, 1.0, NaN, 1e5. */
export class ExactNumber {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export type JsonObject = Map<string, Json>;
export type Json = null | boolean | number | string | ExactNumber | Json[] | JsonObject;

/** What the writer accepts: parsed JSON, plain records, and text that already is JSON. */
export type Writable =
  | Json
  | RawJson
  | undefined
  | readonly Writable[]
  | ReadonlyMap<string, Writable>
  | { readonly [key: string]: Writable };

/** Text that already is JSON and is written verbatim. */
export class RawJson {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** The text is not JSON. `position` is the index of the character where parsing stopped. */
export class JsonSyntaxError extends Error {
  readonly position: number;
  constructor(message: string, position: number) {
    super(`${message} at character ${position}`);
    this.position = position;
  }
}

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|NaN|-?Infinity/y;
const SPACE = /[ \t\r\n]*/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids raw control characters in strings
const PLAIN_STRING = /"[^"\\\u0000-\u001f]*"/y;
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids raw control characters in strings
const ANY_STRING = /"(?:[^"\\\u0000-\u001f]|\\.)*"/y;
const MAX_DEPTH = 500;

/** Parses JSON as Python does: accepts NaN and Infinity, keeps key order and every digit of an integer. */
export function parseJson(text: string): Json {
  const reader = new Reader(text);
  const value = reader.readValue(0);
  reader.expectEnd();
  return value;
}

class Reader {
  private position = 0;
  private readonly text: string;
  constructor(text: string) {
    this.text = text;
  }

  readValue(depth: number): Json {
    if (depth > MAX_DEPTH) throw this.fail('Nested too deeply');
    this.skipSpace();
    const char = this.text[this.position];
    if (char === '{') return this.readObject(depth);
    if (char === '[') return this.readArray(depth);
    if (char === '"') return this.readString();
    if (char === 't') return this.readWord('true', true);
    if (char === 'f') return this.readWord('false', false);
    if (char === 'n') return this.readWord('null', null);
    return this.readNumber();
  }

  expectEnd(): void {
    this.skipSpace();
    if (this.position !== this.text.length) throw this.fail('Unexpected text after the value');
  }

  private readObject(depth: number): JsonObject {
    const result: JsonObject = new Map();
    this.position += 1;
    this.skipSpace();
    if (this.take('}')) return result;
    for (;;) {
      this.skipSpace();
      const key = this.readString();
      this.skipSpace();
      if (!this.take(':')) throw this.fail('Expected ":"');
      result.set(key, this.readValue(depth + 1));
      this.skipSpace();
      if (this.take('}')) return result;
      if (!this.take(',')) throw this.fail('Expected "," or "}"');
    }
  }

  private readArray(depth: number): Json[] {
    const result: Json[] = [];
    this.position += 1;
    this.skipSpace();
    if (this.take(']')) return result;
    for (;;) {
      result.push(this.readValue(depth + 1));
      this.skipSpace();
      if (this.take(']')) return result;
      if (!this.take(',')) throw this.fail('Expected "," or "]"');
    }
  }

  private readString(): string {
    const plain = this.match(PLAIN_STRING);
    if (plain !== undefined) return plain.slice(1, -1);
    const escaped = this.match(ANY_STRING);
    if (escaped === undefined) throw this.fail('Expected a string');
    try {
      return String(JSON.parse(escaped));
    } catch {
      throw this.fail('Bad escape in a string');
    }
  }

  private readNumber(): Json {
    const text = this.match(NUMBER);
    if (text === undefined) throw this.fail('Expected a value');
    const value = Number(text);
    return Number.isSafeInteger(value) && String(value) === text ? value : keepNumber(text, value);
  }

  private readWord<T extends Json>(word: string, value: T): T {
    if (!this.text.startsWith(word, this.position)) throw this.fail('Expected a value');
    this.position += word.length;
    return value;
  }

  private take(char: string): boolean {
    if (this.text[this.position] !== char) return false;
    this.position += 1;
    return true;
  }

  private match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.position;
    const found = pattern.exec(this.text)?.[0];
    if (found !== undefined) this.position += found.length;
    return found;
  }

  private skipSpace(): void {
    SPACE.lastIndex = this.position;
    SPACE.exec(this.text);
    this.position = SPACE.lastIndex;
  }

  private fail(message: string): JsonSyntaxError {
    return new JsonSyntaxError(message, this.position);
  }
}

/** Integers keep every digit, fractions become the text that Python prints for them. */
function keepNumber(text: string, value: number): number | ExactNumber {
  if (/^-?\d+$/.test(text)) return text === '-0' ? 0 : new ExactNumber(text);
  const printed = printFloat(value);
  return String(value) === printed ? value : new ExactNumber(printed);
}

/** A float as Python prints it: `7.0`, `1e-07`, `0.5`, `NaN`. */
export function printFloat(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity';
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e16) return `${Object.is(value, -0) ? '-0' : value}.0`;
  if (size >= 1e-4 && size < 1e16) return String(value);
  return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
}

/** Writes JSON with Python's spacing and ASCII escapes, so that lengths equal those of a real server. */
export function writeJson(value: Writable): string {
  if (typeof value === 'string') return writeString(value);
  if (typeof value !== 'object' || value === null) return writeScalar(value);
  if (value instanceof ExactNumber || value instanceof RawJson) return value.text;
  if (Array.isArray(value)) return `[${value.map(writeJson).join(', ')}]`;
  const entries: Iterable<[string, Writable]> = value instanceof Map ? value : Object.entries(value);
  const parts: string[] = [];
  for (const [key, item] of entries) {
    if (item !== undefined) parts.push(`${writeString(key)}: ${writeJson(item)}`);
  }
  return `{${parts.join(', ')}}`;
}

function writeScalar(value: number | boolean | null | undefined): string {
  if (typeof value === 'number') return writeNumber(value);
  return value === null || value === undefined ? 'null' : String(value);
}

/** Writes one JSON string as Python's json.dumps does (only ASCII in the result). */
export function writeString(text: string): string {
  const quoted = JSON.stringify(text);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: everything beyond ASCII is escaped on purpose
  return /^[\x00-\x7e]*$/.test(quoted)
    ? quoted
    : quoted.replace(/[\u007f-\uffff]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

function writeNumber(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity';
  return String(value);
}

export function isObject(value: Json | undefined): value is JsonObject {
  return value instanceof Map;
}

/** True for a JSON number, with or without exact text. */
export function isNumber(value: unknown): value is number | ExactNumber {
  return typeof value === 'number' || value instanceof ExactNumber;
}

/** The nearest JavaScript number. */
export function toNumber(value: number | ExactNumber): number {
  return typeof value === 'number' ? value : Number(value.text);
}

/** True if the number was written without fraction and exponent; Python then reads it as an int. */
export function isIntegerText(value: number | ExactNumber): boolean {
  return typeof value === 'number' ? Number.isInteger(value) : /^-?\d+$/.test(value.text);
}
