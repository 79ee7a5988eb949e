// Reads docs/reference/guarantees.md: one table row for each current or planned guarantee of Comfleet.

/**
 * @typedef {object} Guarantee
 * @property {string} id like `CD22`, `P6`, `C-4`
 * @property {'must' | 'should' | undefined} grade only feature lines have one
 * @property {'here' | 'planned'} state
 * @property {string} text
 * @property {number} line in the file, from 1
 */

/** The form of an id, at the start of a title and in the first column of the tables. */
export const ID = /[A-Z]{1,4}-?\d{1,3}/;

/**
 * @param {string} text of guarantees.md
 * @returns {{ guarantees: Guarantee[], problems: string[] }} problems start with their line number
 */
export function readGuarantees(text) {
  /** @type {Guarantee[]} */
  const guarantees = [];
  /** @type {string[]} */
  const problems = [];
  const seen = new Set();
  for (const [index, row] of text.split('\n').entries()) {
    const id = new RegExp(`^\\| (${ID.source}) \\|`).exec(row)?.[1];
    if (!id) continue;
    const cells = row
      .split('|')
      .slice(2, -1)
      .map((cell) => cell.trim());
    const guarantee = readRow(id, cells, index + 1);
    if (!guarantee)
      problems.push(`${index + 1}: the row of ${id} is not: id | (must or should) | here or planned | text`);
    else if (seen.has(id)) problems.push(`${index + 1}: ${id} is there twice`);
    else guarantees.push(guarantee);
    seen.add(id);
  }
  return { guarantees, problems };
}

/**
 * @param {string} id
 * @param {string[]} cells after the id
 * @param {number} line
 * @returns {Guarantee | undefined}
 */
function readRow(id, cells, line) {
  const [text, state, grade, ...more] = cells.toReversed();
  if (!text || (state !== 'here' && state !== 'planned') || more.length > 0) return undefined;
  if (grade !== undefined && grade !== 'must' && grade !== 'should') return undefined;
  return { id, grade, state, text, line };
}

/**
 * The ids at the start of a title: `CD1 RS4 each result is its own` names two.
 * @param {string} title
 * @returns {{ ids: string[], rest: string }}
 */
export function splitTitle(title) {
  const ids = [];
  let rest = title;
  for (;;) {
    const match = new RegExp(`^(${ID.source})(?:[ ,:]+|$)`).exec(rest);
    if (!match) return { ids, rest };
    ids.push(match[1] ?? '');
    rest = rest.slice(match[0].length);
  }
}
