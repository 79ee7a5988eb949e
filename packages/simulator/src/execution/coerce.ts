import {
  ExactNumber,
  isIntegerText,
  isNumber,
  type Json,
  printFloat,
  toNumber,
} from '../json/lossless-json.ts';
import { describeAsPython, printAsPython } from '../json/python-text.ts';

/** A value that Python cannot convert to the declared type; the message is Python's. */
export class ConversionError extends Error {}

/** Converts a literal to the declared type, as validate_inputs does in place: `"5"` becomes 5. */
export function coerceValue(value: Json, type: string): Json {
  switch (type) {
    case 'INT':
      return toInteger(value);
    case 'FLOAT':
      return toFloat(value);
    case 'STRING':
      return printAsPython(value);
    case 'BOOLEAN':
      return isTruthy(value);
    default:
      return value;
  }
}

function toInteger(value: Json): Json {
  if (isNumber(value)) return isIntegerText(value) ? value : truncate(toNumber(value));
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value === 'string') {
    if (/^\s*[+-]?\d+(?:_\d+)*\s*$/.test(value)) return fromBigInt(BigInt(value.trim().replaceAll('_', '')));
    throw new ConversionError(`invalid literal for int() with base 10: ${describeAsPython(value)}`);
  }
  throw new ConversionError(
    `int() argument must be a string, a bytes-like object or a real number, not '${nameType(value)}'`,
  );
}

function truncate(value: number): Json {
  if (Number.isNaN(value)) throw new ConversionError('cannot convert float NaN to integer');
  if (!Number.isFinite(value)) throw new ConversionError('cannot convert float infinity to integer');
  return fromBigInt(BigInt(Math.trunc(value)));
}

function fromBigInt(value: bigint): Json {
  const small = Number(value);
  return Number.isSafeInteger(small) ? small : new ExactNumber(value.toString());
}

function toFloat(value: Json): Json {
  if (isNumber(value)) return keepFloat(toNumber(value));
  if (typeof value === 'boolean') return keepFloat(value ? 1 : 0);
  if (typeof value === 'string') {
    if (/^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*$/.test(value)) return keepFloat(Number(value));
    if (/^\s*[+-]?(?:inf|infinity|nan)\s*$/i.test(value)) return keepFloat(readSpecial(value));
    throw new ConversionError(`could not convert string to float: ${describeAsPython(value)}`);
  }
  throw new ConversionError(`float() argument must be a string or a real number, not '${nameType(value)}'`);
}

function readSpecial(text: string): number {
  if (/nan/i.test(text)) return Number.NaN;
  return text.trim().startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

function keepFloat(value: number): ExactNumber {
  return new ExactNumber(printFloat(value));
}

function isTruthy(value: Json): boolean {
  if (value === null || value === false || value === '') return false;
  if (isNumber(value)) return toNumber(value) !== 0;
  if (Array.isArray(value)) return value.length > 0;
  return !(value instanceof Map) || value.size > 0;
}

function nameType(value: Json): string {
  if (value === null) return 'NoneType';
  if (Array.isArray(value)) return 'list';
  return value instanceof Map ? 'dict' : typeof value;
}

/** Compares two numbers exactly: negative if a < b. Integers compare as integers, however large. */
export function compareNumbers(a: number | ExactNumber, b: number | ExactNumber): number {
  if (isIntegerText(a) && isIntegerText(b)) {
    const [left, right] = [toBigInt(a), toBigInt(b)];
    return left < right ? -1 : left > right ? 1 : 0;
  }
  return toNumber(a) - toNumber(b);
}

function toBigInt(value: number | ExactNumber): bigint {
  return BigInt(value instanceof ExactNumber ? value.text : value);
}
