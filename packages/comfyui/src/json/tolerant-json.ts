import { maskNumbers, restoreNumbers } from './mask-numbers.ts';

/**
 * Parses JSON into plain values; accepts bare NaN, Infinity and -Infinity when `JSON.parse` fails. For large responses in which
 * digits above 2^53 do not matter (object_info, queue, frames). Throws SyntaxError.
 */
export function parseTolerantJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const masked = maskNumbers(text, 'words');
    if (masked === null) throw error;
    return restoreNumbers(JSON.parse(masked.text), masked.mark, Number);
  }
}
