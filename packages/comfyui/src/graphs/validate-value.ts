import { isLosslessNumber } from '../json/lossless-number.ts';
import { isRecord } from '../json/records.ts';
import type { ComfyuiRules } from './comfyui-rules.ts';
import type { InputSpec } from './object-info.ts';
import { readNumber } from './python-number.ts';

/** A problem of one literal value. */
export interface ValueFinding {
  type: string;
  message: string;
  /** True when the server may not check it: the version decides, or the list is not the server's. */
  isDoubtful: boolean;
}

/**
 * Checks a literal as ComfyUI does: unwraps `{"__value__": …}`, converts it to the input's type, compares it with min and max
 * exactly and looks it up in the choices; null when it is valid. With `onlyType` the class itself checks ranges and choices.
 */
export function checkValue(
  written: unknown,
  spec: InputSpec,
  { rules, onlyType }: { rules: ComfyuiRules; onlyType: boolean },
): ValueFinding | null {
  const value = isRecord(written) && Object.hasOwn(written, '__value__') ? written['__value__'] : written;
  if (spec.type === 'INT' || spec.type === 'FLOAT') return checkNumber(value, spec, onlyType);
  if (onlyType) return null;
  return spec.type === 'COMBO' ? checkChoices(value, spec, rules) : checkPlainRange(value, spec);
}

function checkChoices(value: unknown, spec: InputSpec, rules: ComfyuiRules): ValueFinding | null {
  const { choices, name } = spec;
  if (choices === null || (!spec.isList && rules.checksV3Choices === false)) return null;
  const hasSeveral = Array.isArray(value) && spec.options['multiselect'] === true;
  const known = collectKeys(choices);
  const missing = (hasSeveral ? value : [value]).filter((item: unknown) => !known.has(toKey(item)));
  if (missing.length === 0) return null;
  const shown = choices.length > 20 ? `(list of length ${choices.length})` : JSON.stringify(choices);
  const isUnsure = !spec.isList && (rules.checksV3Choices === null || choices.length === 0);
  return {
    type: 'value_not_in_list',
    message: `Value not in list: ${name}: ${shorten(missing.map(show).join(', '))} not in ${shorten(shown)}`,
    // 0.3.64 looks up the whole list among the choices, later versions each item.
    isDoubtful: isUnsure || (hasSeveral && rules.checksV3Choices !== true),
  };
}

const KEYS = new WeakMap<readonly unknown[], ReadonlySet<string>>();

/** Computed once per list: ten thousand files are looked up for every node that names one. */
function collectKeys(choices: readonly unknown[]): ReadonlySet<string> {
  const known = KEYS.get(choices);
  if (known !== undefined) return known;
  const keys = new Set(choices.map(toKey));
  KEYS.set(choices, keys);
  return keys;
}

/** Equal for values that Python treats as equal (1, 1.0 and True), and for a file's name with either kind of slash. */
function toKey(value: unknown): string {
  if (typeof value === 'string') return `s${value.replaceAll('\\', '/')}`;
  if (isLosslessNumber(value)) return `n${Number(value.value)}`;
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean')
    return `n${Number(value)}`;
  return `j${JSON.stringify(value)}`;
}

function checkNumber(value: unknown, spec: InputSpec, onlyType: boolean): ValueFinding | null {
  const number = readNumber(value, spec.type === 'INT' ? 'INT' : 'FLOAT');
  if (number === 'unsure') return null;
  if (number === null) {
    const message = `Failed to convert an input value to a ${spec.type} value: ${spec.name}, ${show(value)}`;
    return { type: 'invalid_input_type', message, isDoubtful: false };
  }
  return onlyType ? null : checkRange(number, spec);
}

/** ComfyUI compares any input that has bounds; of the types that it does not convert we check numbers only. */
function checkPlainRange(value: unknown, spec: InputSpec): ValueFinding | null {
  if (typeof value !== 'number' && typeof value !== 'bigint' && !isLosslessNumber(value)) return null;
  const number = readNumber(value, 'FLOAT');
  return number === null || number === 'unsure' ? null : checkRange(number, spec);
}

function checkRange(number: bigint | number, spec: InputSpec): ValueFinding | null {
  const min = readBound(spec.options['min']);
  const max = readBound(spec.options['max']);
  if (min !== null && number < min) {
    const message = `Value ${show(number)} smaller than min of ${min}: ${spec.name}`;
    return { type: 'value_smaller_than_min', message, isDoubtful: false };
  }
  if (max !== null && number > max) {
    const message = `Value ${show(number)} bigger than max of ${max}: ${spec.name}`;
    return { type: 'value_bigger_than_max', message, isDoubtful: false };
  }
  return null;
}

const ROUNDED_BOUNDS = new Map([
  [2 ** 64, 2n ** 64n - 1n],
  [2 ** 63, 2n ** 63n - 1n],
  [-(2 ** 63), -(2n ** 63n)],
]);

/** A bound of object_info. 2^64 − 1 that plain JSON parsing rounded up is restored to the server's value. */
function readBound(bound: unknown): bigint | number | null {
  const number = isLosslessNumber(bound) || typeof bound === 'number' ? readNumber(bound, 'EXACT') : null;
  if (number === null || number === 'unsure') return null;
  return typeof number === 'number' ? (ROUNDED_BOUNDS.get(number) ?? number) : number;
}

/** Formats a value for users; at most a line of it. */
function show(value: unknown): string {
  if (isLosslessNumber(value)) return shorten(value.value);
  if (typeof value === 'string') return shorten(`'${value.slice(0, MAX_SHOWN)}'`);
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'an object';
  return shorten(String(value));
}

const MAX_SHOWN = 200;

function shorten(text: string): string {
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}
