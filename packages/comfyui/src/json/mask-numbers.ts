import { MAX_JSON_DEPTH } from './json-bytes.ts';
import { EXACT_INTEGER } from './lossless-number.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const NUMBER = /-?\d[\d.eE+-]*|-?\bInfinity\b|\bNaN\b/y;
/** Code points without letters, so that there is only one way to escape them; few, because each costs a search. */
const MARKS = ['3400', '3401', '3402', '3403', '3404', '3405', '3406', '3407'];

/** JSON text in which some numbers are marked strings, which any parser accepts. */
export interface MaskedJson {
  text: string;
  mark: string;
}

/** Which numbers: Python's bare NaN, Infinity and -Infinity, or also those that JSON.parse would print with other digits. */
type MaskedNumbers = 'words' | 'both';

/**
 * Replaces such numbers outside strings; null if there are none. Linear and without recursion, because the text is untrusted.
 * Throws SyntaxError for nesting deeper than 1000 levels.
 */
export function maskNumbers(text: string, which: MaskedNumbers): MaskedJson | null {
  let mark = '';
  let out = '';
  let copied = 0;
  visitNumbers(text, (token, at) => {
    if (!isNonFinite(token) && (which === 'words' || isExact(token))) return;
    mark ||= findUnusedMark(text);
    out += `${text.slice(copied, at)}"${mark}${token}"`;
    copied = at + token.length;
  });
  return mark === '' ? null : { text: out + text.slice(copied), mark };
}

/** Visits every number outside strings, and the words that stand for one. */
function visitNumbers(text: string, visit: (token: string, at: number) => void): void {
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = findStringEnd(text, at);
    else if (beginsNumber(code)) {
      NUMBER.lastIndex = at;
      const token = NUMBER.exec(text)?.[0] ?? '';
      if (token !== '') visit(token, at);
      at += Math.max(0, token.length - 1);
    } else depth += readStep(code);
    if (depth > MAX_JSON_DEPTH) throw new SyntaxError('JSON is nested too deeply');
  }
}

/** The change of depth by a bracket. */
function readStep(code: number): number {
  if (code === 0x7b || code === 0x5b) return 1;
  return code === 0x7d || code === 0x5d ? -1 : 0;
}

/** Replaces the marked strings in a copy. Throws SyntaxError if one is used as a name. */
export function restoreNumbers(value: unknown, mark: string, read: (token: string) => unknown): unknown {
  if (typeof value === 'string') return value.startsWith(mark) ? read(value.slice(mark.length)) : value;
  if (Array.isArray(value)) return value.map((item) => restoreNumbers(item, mark, read));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, item]): [string, unknown] => {
    if (key.startsWith(mark)) throw new SyntaxError('JSON has a number in place of a name');
    return [key, restoreNumbers(item, mark, read)];
  });
  return Object.fromEntries(entries);
}

/** True for the words of Python's json that are not JSON. */
export function isNonFinite(token: string): boolean {
  return token.endsWith('y') || token === 'NaN';
}

function beginsNumber(code: number): boolean {
  return (code >= 0x30 && code <= 0x39) || code === 0x2d || code === 0x49 || code === 0x4e;
}

function isExact(token: string): boolean {
  return EXACT_INTEGER.test(token) || String(Number(token)) === token;
}

/** A rare character that no string of the text contains, neither literally nor escaped. */
function findUnusedMark(text: string): string {
  for (const code of MARKS) {
    const mark = String.fromCharCode(Number.parseInt(code, 16));
    if (!text.includes(mark) && !text.includes(`\\u${code}`)) return mark;
  }
  throw new SyntaxError('JSON holds every character that could mark its numbers');
}

/** The closing quote of the string that begins here, or the end of the text. */
function findStringEnd(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let slashes = 0;
    while (text.charCodeAt(end - 1 - slashes) === BACKSLASH) slashes += 1;
    if (slashes % 2 === 0) return end;
  }
  return text.length;
}
