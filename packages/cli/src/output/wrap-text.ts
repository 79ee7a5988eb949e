import stringWidth from 'string-width';

const CLOSING = '，。、：；？）」”…';
/** What stays together: a word, or one Chinese character, with the marks that open before it and close after it. */
const CHUNK = new RegExp(
  `\\s*[（「“]*(?:[^\\s\\u2e80-\\uffef（「“${CLOSING}]+|[\\u2e80-\\uffef])[${CLOSING}]*`,
  'g',
);

/** Breaks a text into lines of a width, at blanks and between Chinese characters. Pure. */
export function wrapText(text: string, width: number): string {
  const lines: string[] = [];
  let line = '';
  for (const [chunk] of text.matchAll(CHUNK)) {
    const isFull = line !== '' && stringWidth(line + chunk) > width;
    if (isFull) lines.push(line);
    line = isFull ? chunk.trimStart() : line + chunk;
  }
  return [...lines, line].join('\n');
}
