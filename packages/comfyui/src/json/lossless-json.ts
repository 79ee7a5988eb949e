import { isLosslessNumber as isLibraryNumber, LosslessNumber, parse } from 'lossless-json';
import { maskNonFinite, restoreNonFinite } from './non-finite.ts';

export type { LosslessNumber } from 'lossless-json';

/** True for a number that kept the digits it was written with (see `parseLosslessJson`). */
export function isLosslessNumber(value: unknown): value is LosslessNumber {
  return isLibraryNumber(value);
}

/** A number that is written exactly as these digits: `toLosslessNumber('18446744073709551615')`. Throws when it is no JSON number. */
export function toLosslessNumber(digits: string | bigint | number): LosslessNumber {
  return new LosslessNumber(String(digits));
}

/**
 * Parses JSON and keeps every number as written (18446744073709551615, 1.0), as ComfyUI seeds go to 2^64 − 1.
 * Accepts Python's bare NaN, Infinity and -Infinity; of duplicate keys the last wins. Throws SyntaxError.
 */
export function parseLosslessJson(text: string): unknown {
  try {
    return parseDigits(text);
  } catch (error) {
    if (error instanceof RangeError) throw new SyntaxError('JSON is nested too deeply', { cause: error });
    const masked = maskNonFinite(text);
    if (masked === null) throw error;
    return restoreNonFinite(parseDigits(masked.text), masked.mark);
  }
}

function parseDigits(text: string): unknown {
  return parse(text, null, { onDuplicateKey: ({ newValue }) => newValue });
}

/** Writes JSON without spaces, lossless numbers exactly as read, NaN and Infinity as Python writes them. Throws TypeError for what JSON cannot hold. */
export function stringifyLosslessJson(value: unknown): string {
  const text = write(value);
  if (text === undefined) throw new TypeError(`JSON cannot hold a value of type ${typeof value}`);
  return text;
}

function write(value: unknown): string | undefined {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value);
    case 'number':
    case 'boolean':
    case 'bigint':
      return String(value);
    case 'object':
      return value === null ? 'null' : writeObject(value);
    default:
      return undefined;
  }
}

function writeObject(value: object): string {
  if (isLosslessNumber(value)) return value.value;
  if (Array.isArray(value)) return `[${value.map((item) => write(item) ?? 'null').join(',')}]`;
  const members: string[] = [];
  for (const [key, item] of Object.entries(value)) {
    const text = write(item);
    if (text !== undefined) members.push(`${JSON.stringify(key)}:${text}`);
  }
  return `{${members.join(',')}}`;
}

/** Copies a lossless tree with plain JavaScript numbers; digits above 2^53 are rounded. */
export function toPlainJson(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (isLosslessNumber(value)) return Number(value.value);
  if (Array.isArray(value)) return value.map(toPlainJson);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toPlainJson(item)]));
}
