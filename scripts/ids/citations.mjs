// Finds what comments cite: facts of ComfyUI's protocol and ids of guarantees.
import { ID } from './guarantees.mjs';

/**
 * @typedef {{ path: string, line: number, cited: string }} Citation `line` from 1
 */

/**
 * The numbers that can be cited: `## 5. …` and `### 5.3 …` of comfyui-protocol.md.
 * @param {string} text
 * @returns {Set<string>}
 */
export function readFactNumbers(text) {
  return new Set([...text.matchAll(/^#{2,3} (\d+(?:\.\d+)?)\.? /gm)].map((match) => match[1] ?? ''));
}

/**
 * Facts that a file cites, as `protocol 5.3` or `protocol 2, 7.1 and 8`, even across a line break in a comment.
 * @param {string} path
 * @param {string} text
 * @returns {Citation[]}
 */
export function findFactCitations(path, text) {
  const number = String.raw`\d+(?:\.\d+)?`;
  const pattern = new RegExp(
    String.raw`\bprotocol(?:\.md)?(?: |\s*\n\s*(?:\*|//) )(${number}(?:(?:, | and )${number})*)(?![\d.]*\w)`,
    'g',
  );
  return [...text.matchAll(pattern)].flatMap((match) => {
    const line = text.slice(0, match.index).split('\n').length;
    return (match[1] ?? '').split(/, | and /).map((cited) => ({ path, line, cited }));
  });
}

/**
 * Ids in parentheses in a file's comments: `(CL16)`, `(BG2, BG3)`.
 * @param {string} path
 * @param {string} text
 * @returns {Citation[]}
 */
export function findIdCitations(path, text) {
  const list = new RegExp(`\\((${ID.source}(?:, ${ID.source})*)\\)`, 'g');
  return text.split('\n').flatMap((row, index) => {
    const comment = /(?:^|\s)(?:\/\/|\/\*\*?|\*) .*/.exec(row)?.[0] ?? '';
    return [...comment.matchAll(list)].flatMap((match) =>
      (match[1] ?? '').split(', ').map((cited) => ({ path, line: index + 1, cited })),
    );
  });
}
