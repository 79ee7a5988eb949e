import { isNumber, isObject, type Json, type JsonObject, toNumber } from '../json/lossless-json.ts';
import { type InputSpec, readInputs } from './node-class.ts';

const DYNAMIC = new Set(['COMFY_AUTOGROW_V3', 'COMFY_DYNAMICCOMBO_V3']);

/** True if the declaration is expanded before inputs are checked. */
export function isDynamic(input: InputSpec): boolean {
  return typeof input.type === 'string' && DYNAMIC.has(input.type);
}

/**
 * The inputs a node of this class has with these values: an autogrow input becomes `name.image0`…, a dynamic combo itself and
 * `name.sub` for each input of the chosen option (none for an unknown option). Others stay as declared.
 */
export function expandInputs(declared: readonly InputSpec[], live: JsonObject): readonly InputSpec[] {
  return declared.some(isDynamic) ? declared.flatMap((input) => expandOne(input, live)) : declared;
}

function expandOne(input: InputSpec, live: JsonObject): readonly InputSpec[] {
  switch (input.type) {
    case 'COMFY_AUTOGROW_V3':
      return growInputs(input);
    case 'COMFY_DYNAMICCOMBO_V3':
      return chooseInputs(input, live);
    default:
      return [input];
  }
}

function growInputs(input: InputSpec): readonly InputSpec[] {
  const template = input.options.get('template');
  if (!isObject(template)) return [];
  const inner = template.get('input');
  const [kind] = [...readInputs(inner, 'required'), ...readInputs(inner, 'optional')];
  if (kind === undefined) return [];
  const min = readCount(template.get('min'));
  return listNames(template).map((name, index) => ({
    ...kind,
    name: `${input.name}.${name}`,
    isRequired: kind.isRequired && index < min,
  }));
}

function listNames(template: JsonObject): readonly string[] {
  const names = template.get('names');
  if (Array.isArray(names)) return names.map(String);
  const prefix = String(template.get('prefix'));
  return Array.from({ length: readCount(template.get('max')) }, (_, index) => `${prefix}${index}`);
}

function chooseInputs(input: InputSpec, live: JsonObject): readonly InputSpec[] {
  const options = input.options.get('options');
  const key = live.get(input.name);
  const chosen = (Array.isArray(options) ? options : []).find(
    (option): option is JsonObject => isObject(option) && option.get('key') === key,
  );
  if (chosen === undefined) return [];
  const inner = chosen.get('inputs');
  const below = [...readInputs(inner, 'required'), ...readInputs(inner, 'optional')].map((one) => ({
    ...one,
    name: `${input.name}.${one.name}`,
  }));
  return [...expandInputs(below, live), input];
}

function readCount(value: Json | undefined): number {
  return isNumber(value) ? toNumber(value) : 0;
}

/** Python's error if the node is called with these inputs; undefined if the call is valid. */
export function findCallError(
  declared: readonly InputSpec[],
  live: JsonObject,
  isLink: (value: Json) => boolean,
): string | undefined {
  const known = new Set(expandInputs(declared, live).map(({ name }) => name));
  for (const [name, value] of live)
    if (isLink(value) && !known.has(name)) return `got an unexpected keyword argument '${name}'`;
  const missing = declared.find(
    (input) => input.isRequired && input.type === 'COMFY_DYNAMICCOMBO_V3' && !known.has(input.name),
  );
  return missing === undefined ? undefined : `missing 1 required positional argument: '${missing.name}'`;
}
