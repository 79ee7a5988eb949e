/** Comments in code blocks are translated; commands are not. */
const COMMENT = /(^|\s)(#|\/\/)\s.*$/;

/**
 * The heading levels of a page, and its code blocks without comments. Pure.
 * @param {string} text
 */
function outline(text) {
  /** @type {string[]} */
  const levels = [];
  /** @type {string[][]} */
  const blocks = [];
  let isCode = false;
  for (const line of text.split('\n')) {
    if (/^\s*```/.test(line)) {
      isCode = !isCode;
      if (isCode) blocks.push([]);
    } else if (isCode) {
      const code = line.replace(COMMENT, '').trimEnd();
      if (code !== '') blocks.at(-1)?.push(code);
    } else {
      const [level] = /^#+(?= )/.exec(line) ?? [];
      if (level !== undefined) levels.push(level);
    }
  }
  return { levels, blocks };
}

/**
 * Blanks out quoted text, which is translated.
 * @param {string} line
 */
function withoutWords(line) {
  return line.replace(/"[^"\n]*"|'[^'\n]*'/g, '""');
}

/**
 * True for equal code; a line with Chinese words is output and not compared.
 * @param {readonly string[]} lines
 * @param {readonly string[]} others
 */
function isSameBlock(lines, others) {
  if (lines.length !== others.length) return false;
  return lines.every((line, at) => {
    const other = others[at] ?? '';
    return /\p{Script=Han}/u.test(other) || withoutWords(line) === withoutWords(other);
  });
}

/**
 * Differences between a translated page and its original: both must have the same heading levels and the same code blocks. Empty
 * if it is up to date. Pure.
 * @param {string} original
 * @param {string} translated
 * @returns {string[]}
 */
export function comparePages(original, translated) {
  const one = outline(original);
  const other = outline(translated);
  const problems = [];
  if (one.levels.join(' ') !== other.levels.join(' '))
    problems.push(`headings: ${one.levels.length} and ${other.levels.length}, or other levels`);
  if (one.blocks.length !== other.blocks.length)
    problems.push(`blocks of code: ${one.blocks.length} and ${other.blocks.length}`);
  for (const [index, block] of one.blocks.entries()) {
    const same = other.blocks[index];
    if (same !== undefined && !isSameBlock(block, same))
      problems.push(`block ${index + 1} differs: ${block[0] ?? ''}`);
  }
  return problems;
}
