import { isLosslessNumber, type LosslessNumber, toLosslessNumber } from '@comfleet/comfyui';
import type { PlainCode } from '@comfleet/contract';
import type { TASK_TEXTS, TaskText } from '@comfleet/contract/texts/tasks';
import { isInlineFile } from '../../platform/text/data-url.ts';
import { compareDecimals, type Decimal, isMultiple, isWhole, parseDecimal, toDecimal } from './decimal.ts';
import type { WorkflowParameter } from './workflow-definition.ts';

/** A value that may be written to a graph input: plain if JavaScript prints the same digits, else lossless. */
export type Scalar = string | number | boolean | LosslessNumber;

export type ValueCode =
  | 'not_scalar'
  | 'type'
  | 'inexact'
  | 'too_small'
  | 'too_large'
  | 'not_multiple'
  | 'too_long'
  | 'forbidden_text'
  | 'not_an_option';

export type Converted =
  | { ok: true; value: Scalar; decimal: Decimal | null }
  | { ok: false; code: ValueCode; text: TaskText };

/** The general limit of a text, in bytes of UTF-8, if no `max_length` is set. */
export const MAX_TEXT_BYTES = 10_000;
const SHOWN_OPTIONS = 20;
const MAX_SEED = { digits: 2n ** 64n - 1n, scale: 0 };
const MIN_SEED = { digits: 0n, scale: 0 };

/**
 * Converts one value to the type of its parameter and checks the limits. Texts of numbers and booleans are parsed; digits stay as
 * written. Lists and objects are refused, because `["12", 0]` would be a link (protocol 9.2).
 */
export function convertValue(parameter: WorkflowParameter, value: unknown): Converted {
  if (!isScalar(value)) return refuse('not_scalar', 'parameter.no_list');
  switch (parameter.dataType) {
    case 'string':
      return convertText(parameter, toText(value));
    case 'image':
      return typeof value === 'string'
        ? convertImage(parameter, value)
        : refuse('type', 'parameter.not_upload');
    case 'bool':
      return convertBoolean(value);
    case 'int':
    case 'float':
    case 'seed':
      return convertNumber(parameter, value);
  }
}

/** True for a text, a boolean and any number. */
export function isScalar(value: unknown): value is Scalar | bigint {
  return (
    typeof value === 'string' ||
    typeof value === 'number' ||
    typeof value === 'boolean' ||
    typeof value === 'bigint' ||
    isLosslessNumber(value)
  );
}

/** The number with exactly these digits: plain if JavaScript prints the same, else lossless. */
export function toExactNumber(text: string): number | LosslessNumber {
  return String(Number(text)) === text ? Number(text) : toLosslessNumber(text);
}

function toText(value: Scalar | bigint): string {
  return isLosslessNumber(value) ? value.value : String(value);
}

function convertText(parameter: WorkflowParameter, text: string): Converted {
  if (parameter.maxLength === null) {
    if (text.length > MAX_TEXT_BYTES || Buffer.byteLength(text) > MAX_TEXT_BYTES) {
      return refuseLimit('too_long', 'parameter.too_many_bytes', MAX_TEXT_BYTES);
    }
  } else if (countCharacters(text, parameter.maxLength) > parameter.maxLength) {
    return refuseLimit('too_long', 'parameter.too_many_characters', parameter.maxLength);
  }
  if (/[\0\p{Surrogate}]/u.test(text)) return refuse('forbidden_text', 'parameter.bad_characters');
  const { options } = parameter;
  if (options !== null && !options.some((option) => String(option) === text)) return refuseOption(options);
  return { ok: true, value: text, decimal: null };
}

function countCharacters(text: string, limit: number): number {
  // A character is one or two units: beyond twice the limit counting is unnecessary.
  return text.length > 2 * limit ? text.length : [...text].length;
}

function convertImage(parameter: WorkflowParameter, text: string): Converted {
  if (text === '') return refuse('type', 'parameter.not_upload');
  // Its size is checked when it is stored, as for every upload.
  if (isInlineFile(text)) return { ok: true, value: text, decimal: null };
  if (text.length > MAX_TEXT_BYTES)
    return refuseLimit('too_long', 'parameter.too_many_bytes', MAX_TEXT_BYTES);
  const isPath = /^[/\\~]|^[a-zA-Z]:|(^|[/\\])\.\.([/\\]|$)/.test(text);
  if (isPath || /\s\[(input|output|temp)\]\s*$/.test(text) || /\p{Cc}/u.test(text)) {
    return refuse('forbidden_text', 'parameter.bad_upload_name');
  }
  return convertText(parameter, text);
}

const BOOLEANS = new Map([
  ['true', true],
  ['1', true],
  ['false', false],
  ['0', false],
]);

function convertBoolean(value: Scalar | bigint): Converted {
  const found = BOOLEANS.get(toText(value).trim().toLowerCase());
  return found === undefined
    ? refuse('type', 'parameter.not_boolean')
    : { ok: true, value: found, decimal: null };
}

function convertNumber(parameter: WorkflowParameter, value: Scalar | bigint): Converted {
  const isInteger = parameter.dataType !== 'float';
  const expected = isInteger ? 'parameter.not_whole' : 'parameter.not_number';
  if (typeof value === 'boolean') return refuse('type', expected);
  if (typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value) && isInteger) {
    return refuse('inexact', 'parameter.inexact');
  }
  const text = toText(value).trim();
  const decimal = parseDecimal(text);
  if (decimal === null || !Number.isFinite(Number(text))) return refuse('type', expected);
  if (isInteger && !isWhole(decimal)) return refuse('type', expected);
  return checkLimits(parameter, decimal) ?? { ok: true, value: toExactNumber(text), decimal };
}

/** The first limit that a number violates, or null. */
function checkLimits(parameter: WorkflowParameter, decimal: Decimal): Converted | null {
  const { min, max } = readRange(parameter);
  if (min !== null && compareDecimals(decimal, min) < 0) {
    return refuseLimit('too_small', 'parameter.too_small', parameter.min ?? 0);
  }
  if (max !== null && compareDecimals(decimal, max) > 0) {
    return refuseLimit('too_large', 'parameter.too_large', parameter.max ?? String(MAX_SEED.digits));
  }
  if (parameter.multipleOf !== null && !isMultiple(decimal, toDecimal(parameter.multipleOf))) {
    return refuseLimit('not_multiple', 'parameter.not_multiple', parameter.multipleOf);
  }
  const { options } = parameter;
  if (options === null) return null;
  const isListed = options.some((option) => {
    const listed = parseDecimal(String(option));
    return listed !== null && compareDecimals(listed, decimal) === 0;
  });
  return isListed ? null : refuseOption(options);
}

/** The limits of a number; a seed is always within 0 … 2^64 − 1. */
export function readRange(parameter: WorkflowParameter): { min: Decimal | null; max: Decimal | null } {
  const isSeed = parameter.dataType === 'seed';
  const min = parameter.min === null ? null : toDecimal(parameter.min);
  const max = parameter.max === null ? null : toDecimal(parameter.max);
  return {
    min: isSeed && (min === null || compareDecimals(min, MIN_SEED) < 0) ? MIN_SEED : min,
    max: isSeed && (max === null || compareDecimals(max, MAX_SEED) > 0) ? MAX_SEED : max,
  };
}

function refuseOption(options: readonly (string | number)[]): Converted {
  const code = options.length > SHOWN_OPTIONS ? 'parameter.not_an_option_of_many' : 'parameter.not_an_option';
  const params = { options: options.slice(0, SHOWN_OPTIONS).join(', ') };
  return { ok: false, code: 'not_an_option', text: { code, params } };
}

function refuse(code: ValueCode, message: PlainCode<typeof TASK_TEXTS.en>): Converted {
  return { ok: false, code, text: { code: message, params: {} } };
}

type LimitCode = Extract<TaskText['code'], 'parameter.not_multiple' | `parameter.too_${string}`>;

function refuseLimit(code: ValueCode, message: LimitCode, limit: string | number): Converted {
  return { ok: false, code, text: { code: message, params: { limit } } };
}
