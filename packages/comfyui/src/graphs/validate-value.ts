import { isLosslessNumber } from '../json/lossless-json.ts';
import { isRecord } from '../json/records.ts';
import { type InputSpec, isUploadInput } from './object-info.ts';
import { isFileInput } from './requirements.ts';

/** A problem of one literal value; empty when the value is fine. */
export interface ValueFinding {
  type?: string;
  message?: string;
}

/** Checks a literal as ComfyUI does: convert to the input's type, compare with min and max exactly, look it up in the choices. */
export function checkValue(
  written: unknown,
  spec: InputSpec,
  context: { classType: string; checkV3Combos: boolean },
): ValueFinding {
  const value = isRecord(written) && Object.hasOwn(written, '__value__') ? written['__value__'] : written;
  if (spec.type === 'INT' || spec.type === 'FLOAT') return checkNumber(value, spec);
  const checked = spec.choicesChecked || context.checkV3Combos;
  return checked && !isFilled(spec, context.classType) ? checkChoice(value, spec) : {};
}

/** True for inputs whose choices change by uploads or come from another address. */
function isFilled(spec: InputSpec, classType: string): boolean {
  return isUploadInput(spec) || isFileInput(classType, spec.name) || isRecord(spec.options['remote']);
}

function checkChoice(value: unknown, spec: InputSpec): ValueFinding {
  const { choices, name } = spec;
  const plain = isLosslessNumber(value) ? Number(value.value) : value;
  if (choices === null || Array.isArray(plain) || choices.includes(plain)) return {};
  const shown = choices.length > 20 ? `(list of length ${choices.length})` : JSON.stringify(choices);
  return {
    type: 'value_not_in_list',
    message: `Value not in list: ${name}: '${String(plain)}' not in ${shown}`,
  };
}

function checkNumber(value: unknown, spec: InputSpec): ValueFinding {
  const digits = readDigits(value);
  const number = digits === null ? null : toComparable(digits, spec.type);
  if (number === null) {
    const shown = typeof value === 'object' ? JSON.stringify(value) : String(value);
    const message = `Failed to convert an input value to a ${spec.type} value: ${spec.name}, ${shown}`;
    return { type: 'invalid_input_type', message };
  }
  const min = readBound(spec.options['min'], spec.type);
  if (min !== null && number < min) {
    return {
      type: 'value_smaller_than_min',
      message: `Value ${digits} smaller than min of ${min}: ${spec.name}`,
    };
  }
  const max = readBound(spec.options['max'], spec.type);
  if (max !== null && number > max) {
    return {
      type: 'value_bigger_than_max',
      message: `Value ${digits} bigger than max of ${max}: ${spec.name}`,
    };
  }
  return {};
}

/** The digits of a number, or of a text or boolean that Python's `int` and `float` would take. */
function readDigits(value: unknown): string | null {
  if (isLosslessNumber(value)) return value.value;
  switch (typeof value) {
    case 'number':
    case 'bigint':
      return String(value);
    case 'boolean':
      return value ? '1' : '0';
    case 'string':
      return value.trim().replaceAll(/(\d)_(?=\d)/g, '$1');
    default:
      return null;
  }
}

/** BigInt for whole numbers, so that 64-bit seeds compare exactly; JavaScript compares the two kinds with each other correctly. */
function toComparable(digits: string, type: string): bigint | number | null {
  if (/^[+-]?\d+$/.test(digits)) return BigInt(digits.replace('+', ''));
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(digits)) return null;
  return type === 'INT' ? Math.trunc(Number(digits)) : Number(digits);
}

const ROUNDED_BOUNDS = new Map([
  [2 ** 64, 2n ** 64n - 1n],
  [2 ** 63, 2n ** 63n - 1n],
  [-(2 ** 63), -(2n ** 63n)],
]);

/** A bound of object_info; 2^64 − 1 that plain JSON parsing rounded up is taken back to what the server wrote. */
function readBound(bound: unknown, type: string): bigint | number | null {
  if (isLosslessNumber(bound)) return toComparable(bound.value, type);
  return typeof bound === 'number' ? (ROUNDED_BOUNDS.get(bound) ?? bound) : null;
}
