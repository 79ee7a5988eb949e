const NON_FINITE = /-?\bInfinity\b|\bNaN\b/g;
const QUOTE = 34;
const BACKSLASH = 92;

/**
 * Replaces bare NaN and ±Infinity outside of strings by marked strings that strict parsers read; null when there are none.
 * ComfyUI prints them with Python's `json.dumps` (/history, /object_info, `executed`).
 */
export function maskNonFinite(text: string): { text: string; mark: string } | null {
  const mark = unusedMark(text);
  let out = '';
  let found = false;
  let position = 0;
  while (position < text.length) {
    const quote = text.indexOf('"', position);
    const end = quote === -1 ? text.length : quote;
    out += text.slice(position, end).replace(NON_FINITE, (token) => {
      found = true;
      return `"${mark}${token}"`;
    });
    const after = quote === -1 ? end : endOfString(text, quote);
    out += text.slice(end, after);
    position = after;
  }
  return found ? { text: out, mark } : null;
}

/** Puts the numbers back in place of the marked strings, in a copy. */
export function restoreNonFinite(value: unknown, mark: string): unknown {
  if (typeof value === 'string') return value.startsWith(mark) ? Number(value.slice(mark.length)) : value;
  if (Array.isArray(value)) return value.map((item) => restoreNonFinite(item, mark));
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, restoreNonFinite(item, mark)]));
}

function unusedMark(text: string): string {
  let count = 0;
  while (text.includes(`number#${count}:`)) count += 1;
  return `number#${count}:`;
}

function endOfString(text: string, quote: number): number {
  for (let i = quote + 1; i < text.length; i += 1) {
    const code = text.charCodeAt(i);
    if (code === BACKSLASH) i += 1;
    else if (code === QUOTE) return i + 1;
  }
  return text.length;
}
