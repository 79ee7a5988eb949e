import { ExactNumber, isIntegerText, isNumber, type Json, printFloat, toNumber } from './lossless-json.ts';

/** Python's repr() of a JSON value, as in ComfyUI's error texts. */
export function describeAsPython(value: Json): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'string') return quoteAsPython(value);
  if (isNumber(value)) return numberAsPython(value);
  if (Array.isArray(value)) return `[${value.map(describeAsPython).join(', ')}]`;
  return `{${[...value].map(([key, item]) => `${quoteAsPython(key)}: ${describeAsPython(item)}`).join(', ')}}`;
}

/** Python's str(): as repr(), but without quotes around a string. */
export function printAsPython(value: Json): string {
  return typeof value === 'string' ? value : describeAsPython(value);
}

function numberAsPython(value: number | ExactNumber): string {
  if (isIntegerText(value)) return value instanceof ExactNumber ? value.text : String(value);
  return printFloat(toNumber(value));
}

function quoteAsPython(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const body = text.replace(/\\/g, '\\\\').replace(/\n/g, '\\n').replace(/\t/g, '\\t').replace(/\r/g, '\\r');
  return quote + (quote === "'" ? body.replace(/'/g, "\\'") : body) + quote;
}
