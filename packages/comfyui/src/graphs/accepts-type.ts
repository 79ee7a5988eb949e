import type { InputSpec } from './object-info.ts';

const MATCH_TYPE = 'COMFY_MATCHTYPE_V3';

/**
 * Whether ComfyUI accepts a link from this output type to an input: equal types, `*` or a match type on either side, a list of
 * choices into COMBO, or unions "A,B" that overlap. The rules of 0.33; 0.3.64 knows neither match types nor lists into COMBO.
 */
export function acceptsType(spec: InputSpec, received: unknown): boolean {
  if (Array.isArray(received)) return acceptsChoices(spec, received);
  if (typeof received !== 'string') return true;
  const wanted = splitUnion(spec.type);
  const given = splitUnion(received);
  if (isAny(wanted) || isAny(given)) return true;
  // On the server the old form of a combo is a list, which equals no string.
  if (spec.isList) return false;
  return given.some((type) => wanted.includes(type));
}

/** The type of an output as shown to users. */
export function describeType(type: unknown): string {
  return typeof type === 'string' ? type : 'COMBO';
}

function isAny(types: readonly string[]): boolean {
  return types.includes('*') || types.includes(MATCH_TYPE);
}

function splitUnion(type: string): string[] {
  return type.split(',').map((part) => part.trim());
}

function acceptsChoices(spec: InputSpec, received: readonly unknown[]): boolean {
  if (isAny(splitUnion(spec.type))) return true;
  if (!spec.isList) return spec.type === 'COMBO';
  return spec.choices !== null && toText(spec.choices) === toText(received);
}

const TEXTS = new WeakMap<readonly unknown[], string>();

/** Computed once per list: a list of ten thousand files may be linked a thousand times. */
function toText(choices: readonly unknown[]): string {
  const known = TEXTS.get(choices);
  if (known !== undefined) return known;
  const text = JSON.stringify(choices);
  TEXTS.set(choices, text);
  return text;
}
