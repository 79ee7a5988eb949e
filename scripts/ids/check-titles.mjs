// Checks the titles of tests against docs/reference/guarantees.md, and renders the list of tests by id.
import { ID, splitTitle } from './guarantees.mjs';

/** @typedef {import('./guarantees.mjs').Guarantee} Guarantee */
/** @typedef {import('./find-titles.mjs').Title} Title */

/** A title with more ids proves too little about each. */
const MAX_IDS = 2;

/**
 * @param {object} input
 * @param {readonly Guarantee[]} input.guarantees
 * @param {readonly Title[]} input.titles
 * @param {string} input.guaranteesPath path of the guarantees, for the messages
 * @returns {string[]} one line each, beginning with file and line
 */
export function findTitleProblems({ guarantees, titles, guaranteesPath }) {
  const known = new Set(guarantees.map(({ id }) => id));
  const named = new Set(titles.flatMap(({ text }) => splitTitle(text).ids));
  const untested = guarantees.filter(({ id, state }) => state === 'here' && !named.has(id));
  return [
    ...titles.flatMap((title) =>
      checkTitle(title, known).map((problem) => `${title.path}:${title.line}: ${problem}`),
    ),
    ...untested.map(
      ({ id, line }) =>
        `${guaranteesPath}:${line}: ${id} is marked here, but no test names it; begin a title with ${id}, or mark it planned`,
    ),
  ];
}

/** @param {Title} title @param {ReadonlySet<string>} known */
function checkTitle({ text }, known) {
  const { ids, rest } = splitTitle(text);
  const unknown = ids.filter((id) => !known.has(id));
  const words = rest.match(new RegExp(`(?<![\\w-])${ID.source}(?![\\w-])`, 'g')) ?? [];
  const late = words.filter((word) => known.has(word));
  return [
    ...unknown.map((id) => `"${text}" names ${id}, which docs/reference/guarantees.md does not have`),
    ...(ids.length > MAX_IDS ? [`"${text}" names ${ids.length} ids; at most ${MAX_IDS} are allowed`] : []),
    ...late.map((id) => `"${text}" names ${id} in the middle; ids stand at the start`),
  ];
}

/**
 * The text of guarantees-tests.md.
 * @param {object} input
 * @param {readonly Guarantee[]} input.guarantees
 * @param {readonly Title[]} input.titles
 * @param {number} input.plannedLimit the committed number of planned lines
 */
export function renderTestList({ guarantees, titles, plannedLimit }) {
  const here = guarantees.filter(({ state }) => state === 'here').length;
  const lines = [
    '# Guarantees: the tests that name them',
    '',
    'Written by `npm run ids -- --write` from the titles of the tests; what each id means: [guarantees.md](guarantees.md).',
    '',
    `Lines: ${guarantees.length}, here: ${here}.`,
    '',
    formatPlanned(plannedLimit),
  ];
  for (const { id, state } of guarantees) {
    const tests = titles.filter(({ text }) => splitTitle(text).ids.includes(id));
    if (tests.length === 0) continue;
    const entries = tests.map(
      ({ path, text }) => `- ${escapeMarkdown(splitTitle(text).rest || text)} · \`${path}\``,
    );
    lines.push('', `## ${id}${state === 'planned' ? ' (planned)' : ''}`, '', ...new Set(entries));
  }
  return `${lines.join('\n')}\n`;
}

/** @param {number} planned */
function formatPlanned(planned) {
  return `Planned lines: ${planned}. This number may only fall.`;
}

/**
 * The committed number of planned lines; the smallest if a merge left several.
 * @param {string} testList text of guarantees-tests.md
 */
export function readPlannedLimit(testList) {
  const numbers = [...testList.matchAll(/^Planned lines: (\d+)\./gm)].map((match) => Number(match[1]));
  return numbers.length === 0 ? undefined : Math.min(...numbers);
}

/** @param {string} text */
function escapeMarkdown(text) {
  return text.replace(/[\\`*_[\]<>|$]/g, '\\$&');
}
