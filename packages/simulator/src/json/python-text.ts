import { ExactNumber, type Json, isIntegerText, isNumber, toNumber } from './lossless-json.ts';

/** Python's repr() of a JSON value, as it stands in ComfyUI's error texts. */
export function describeAsPython(value: Json): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'string') return quoteAsPython(value);
  if (isNumber(value)) return numberAsPython(value);
  if (Array.isArray(value)) return `[${value.map(describeAsPython).join(', ')}]`;
  return `{${[...value].map(([key, item]) => `${quoteAsPython(key)}: ${describeAsPython(item)}`).join(', ')}}`;
}

/** Python's str(): as repr(), but a string stands as it is. */
export function printAsPython(value: Json): string {
  return typeof value === 'string' ? value : describeAsPython(value);
}

function numberAsPython(value: number | ExactNumber): string {
  if (isIntegerText(value)) return value instanceof ExactNumber ? value.text : String(value);
  return writeFloat(toNumber(value));
}

/** A float as Python's json.dumps prints it: `7.0`, `1e-07`, `0.5`. */
export function writeFloat(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity';
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e16) return `${Object.is(value, -0) ? '-0' : value}.0`;
  if (size >= 1e-4 && size < 1e16) return String(value);
  return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
}

function quoteAsPython(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const body = text.replace(/\\/g, '\\\\').replace(/\n/g, '\\n').replace(/\t/g, '\\t').replace(/\r/g, '\\r');
  return quote + (quote === "'" ? body.replace(/'/g, "\\'") : body) + quote;
}
