import { isLosslessNumber } from '../json/lossless-number.ts';

/** INT and FLOAT convert as Python's `int` and `float` do; EXACT only reads a number. */
export type NumberKind = 'INT' | 'FLOAT' | 'EXACT';

/** Python refuses longer whole numbers in strings and in JSON. */
export const MAX_DIGITS = 4300;

/** True for a JSON number that Python refuses: a whole number with too many digits. */
export function isTooLong(digits: string): boolean {
  return digits.length > MAX_DIGITS && /^-?\d+$/.test(digits) && digits.replace('-', '').length > MAX_DIGITS;
}

/**
 * The number that Python reads from a JSON value: bigint for whole numbers that must compare exactly, null if Python raises an
 * error, `unsure` for digits of other scripts, which Python accepts too.
 */
export function readNumber(value: unknown, kind: NumberKind): bigint | number | null | 'unsure' {
  if (isLosslessNumber(value)) return readDigits(value.value, kind);
  switch (typeof value) {
    case 'number':
      return readPlain(value, kind);
    case 'bigint':
      return kind === 'FLOAT' ? Number(value) : value;
    case 'boolean':
      return value ? 1 : 0;
    case 'string':
      return readText(value, kind);
    default:
      return null;
  }
}

function readPlain(value: number, kind: NumberKind): number | null {
  if (kind !== 'INT') return value;
  return Number.isFinite(value) ? Math.trunc(value) : null;
}

/** Reads a JSON number as written: whole when it has neither point nor exponent. */
function readDigits(digits: string, kind: NumberKind): bigint | number | null {
  const isWhole = /^-?\d+$/.test(digits);
  if (isTooLong(digits)) return null;
  if (isWhole && kind !== 'FLOAT') return BigInt(digits);
  const number = Number(digits);
  // Python raises an error for a whole number that no float holds, and reads one with a point or exponent as infinite.
  return isWhole && !Number.isFinite(number) ? null : readPlain(number, kind);
}

function readText(text: string, kind: NumberKind): bigint | number | null | 'unsure' {
  if (text.length > MAX_DIGITS) return kind === 'INT' ? null : 'unsure';
  const trimmed = text.trim();
  if (/[^\x20-\x7e]/.test(trimmed)) return 'unsure';
  const digits = trimmed.replaceAll(/(?<=\d)_(?=\d)/g, '');
  if (kind === 'INT') return /^[+-]?\d+$/.test(digits) ? BigInt(digits.replace('+', '')) : null;
  if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(digits)) return Number(digits);
  const word = /^([+-]?)(inf(?:inity)?|nan)$/i.exec(digits);
  if (word === null) return null;
  if (word[2]?.toLowerCase() === 'nan') return Number.NaN;
  return word[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}
