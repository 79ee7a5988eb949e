import {
  isNumber,
  isObject,
  type Json,
  type JsonObject,
  type Writable,
  writeJson,
} from '../json/lossless-json.ts';
import { describeAsPython, printAsPython } from '../json/python-text.ts';
import type { InputSpec } from '../nodes/node-class.ts';
import { ConversionError, coerceValue, compareNumbers } from './coerce.ts';

/** One entry of `node_errors[id].errors`. */
export interface NodeError {
  readonly type: string;
  readonly message: string;
  readonly details: string;
  readonly extra_info: Readonly<Record<string, Writable>>;
}

/** `input_config` as shown in errors: `[type or choices, options]`. */
export function describeConfig(input: InputSpec): { type: Writable; pair: Writable } {
  const type: Writable = typeof input.type === 'string' ? input.type : [...input.type];
  return { type, pair: [type, input.options] };
}

interface LiteralRules {
  readonly choices: readonly Json[] | undefined;
  /** VALIDATE_INPUTS names this input: the node itself checks range and list. */
  readonly isCheckedByNode: boolean;
  /** Details list each wrong item as Python code (0.33), not the whole value in quotes. */
  readonly namesEachWrongItem: boolean;
}

const LONG_LIST = 20;

/** Converts and checks one literal input; the converted value replaces the old one. */
export function checkLiteral(
  inputs: JsonObject,
  input: InputSpec,
  rules: LiteralRules,
): NodeError | undefined {
  let value = inputs.get(input.name) ?? null;
  if (isObject(value) && value.has('__value__')) value = value.get('__value__') ?? null;
  const { pair } = describeConfig(input);
  try {
    if (typeof input.type === 'string') value = coerceValue(value, input.type);
  } catch (error) {
    if (!(error instanceof ConversionError)) throw error;
    return {
      type: 'invalid_input_type',
      message: `Failed to convert an input value to a ${String(input.type)} value`,
      details: `${input.name}, ${printAsPython(value)}, ${error.message}`,
      extra_info: {
        input_name: input.name,
        input_config: pair,
        received_value: value,
        exception_message: error.message,
      },
    };
  }
  inputs.set(input.name, value);
  if (rules.isCheckedByNode) return undefined;
  return checkRange(input, value, pair) ?? checkChoice(input, value, rules);
}

function checkRange(input: InputSpec, value: Json, pair: Writable): NodeError | undefined {
  if (!isNumber(value)) return undefined;
  const min = input.options.get('min');
  const max = input.options.get('max');
  const extra = { input_name: input.name, input_config: pair, received_value: value };
  if (isNumber(min) && compareNumbers(value, min) < 0) {
    const message = `Value ${describeAsPython(value)} smaller than min of ${describeAsPython(min)}`;
    return { type: 'value_smaller_than_min', message, details: input.name, extra_info: extra };
  }
  if (isNumber(max) && compareNumbers(value, max) > 0) {
    const message = `Value ${describeAsPython(value)} bigger than max of ${describeAsPython(max)}`;
    return { type: 'value_bigger_than_max', message, details: input.name, extra_info: extra };
  }
  return undefined;
}

function checkChoice(
  input: InputSpec,
  value: Json,
  { choices, namesEachWrongItem }: LiteralRules,
): NodeError | undefined {
  if (choices === undefined) return undefined;
  const known = new Set(choices.map((choice) => writeJson(choice)));
  const isMany = Array.isArray(value) && input.options.get('multiselect') === true;
  const wrong = (isMany ? value : [value]).filter((item) => !known.has(writeJson(item)));
  if (wrong.length === 0) return undefined;
  const isLong = choices.length > LONG_LIST;
  const listText = isLong ? `(list of length ${choices.length})` : describeAsPython([...choices]);
  const shown = namesEachWrongItem ? wrong.map(describeAsPython).join(', ') : `'${printAsPython(value)}'`;
  const config: Writable =
    typeof input.type === 'string'
      ? [input.type, new Map(input.options).set('options', [...choices])]
      : [[...choices], input.options];
  return {
    type: 'value_not_in_list',
    message: 'Value not in list',
    details: `${input.name}: ${shown} not in ${listText}`,
    extra_info: {
      input_name: input.name,
      input_config: isLong ? null : config,
      received_value: value,
    },
  };
}
