// Checks docs/security/asvs.md: every requirement has one row, and every test and document that a row names exists.
import { splitTitle } from './guarantees.mjs';

/** @typedef {import('./find-titles.mjs').Title} Title */

export const ASVS_PATH = 'docs/security/asvs.md';

/** Number of requirements of each section of OWASP ASVS 5.0.0 that are of level 1; their ids need not follow each other. */
const LEVEL_1 = [
  '1.2.1 1.2.2 1.2.3 1.2.4 1.2.5 1.3.1 1.3.2 1.5.1',
  '2.1.1 2.2.1 2.2.2 2.3.1',
  '3.2.1 3.2.2 3.3.1 3.4.1 3.4.2 3.5.1 3.5.2 3.5.3',
  '4.1.1 4.4.1',
  '5.2.1 5.2.2 5.3.1 5.3.2',
  '6.1.1 6.2.1 6.2.2 6.2.3 6.2.4 6.2.5 6.2.6 6.2.7 6.2.8 6.3.1 6.3.2 6.4.1 6.4.2',
  '7.2.1 7.2.2 7.2.3 7.2.4 7.4.1 7.4.2',
  '8.1.1 8.2.1 8.2.2 8.3.1',
  '9.1.1 9.1.2 9.1.3 9.2.1',
  '10.4.1 10.4.2 10.4.3 10.4.4 10.4.5',
  '11.3.1 11.3.2 11.4.1',
  '12.1.1 12.2.1 12.2.2',
  '13.4.1',
  '14.2.1 14.3.1',
  '15.1.1 15.2.1 15.3.1',
].flatMap((line) => line.split(' '));

const STATES = ['met', 'not applicable', 'open'];

/**
 * @param {ReadonlyMap<string, string>} files texts by their path in the repository
 * @param {readonly Title[]} titles of all tests
 * @returns {string[]} one line each, beginning with file and line; none without the table
 */
export function findAsvsProblems(files, titles) {
  const text = files.get(ASVS_PATH);
  if (text === undefined) return [];
  const rows = text.split('\n').flatMap((line, index) => readRow(line, index + 1));
  const ids = rows.map(({ id }) => id);
  const missing = LEVEL_1.filter((id) => !ids.includes(id));
  const surplus = ids.filter((id, index) => !LEVEL_1.includes(id) || ids.indexOf(id) !== index);
  return [
    ...missing.map((id) => `${ASVS_PATH}:1: ${id} has no row`),
    ...surplus.map((id) => `${ASVS_PATH}:1: ${id} is there twice, or no requirement of level 1`),
    ...rows.flatMap((row) =>
      checkRow(row, files, titles).map((what) => `${ASVS_PATH}:${row.line}: ${row.id} ${what}`),
    ),
  ];
}

/** `| 1.2.1 | what it asks | met | what shows it |` @param {string} text @param {number} line */
function readRow(text, line) {
  const [, id = '', , state = '', proof = ''] = text.split(/(?<!\\)\|/).map((cell) => cell.trim());
  return /^\d+\.\d+\.\d+$/.test(id) ? [{ id, state, proof, line }] : [];
}

/**
 * @param {{ id: string, state: string, proof: string }} row
 * @param {ReadonlyMap<string, string>} files
 * @param {readonly Title[]} titles
 */
function checkRow({ state, proof }, files, titles) {
  const tests = [...proof.matchAll(/“([^”]+)” \(`([^`]+)`\)/g)];
  const documents = [...proof.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)].map(([, path = '']) => path);
  return [
    ...(STATES.includes(state) ? [] : [`is "${state}", not one of ${STATES.join(', ')}`]),
    ...(state === 'met' && tests.length + documents.length === 0
      ? ['is met, but names neither a test nor a document']
      : []),
    ...tests
      .filter(([, title = '', path]) => !titles.some((one) => one.path === path && fits(one.text, title)))
      .map(([, title, path]) => `names “${title}”, which ${path} has not`),
    ...documents
      .filter((path) => !files.has(new URL(path, `file:///${ASVS_PATH}`).pathname.slice(1)))
      .map((path) => `names ${path}, which does not exist`),
  ];
}

/** True for the same title; ids may be left out. @param {string} text @param {string} title */
function fits(text, title) {
  return text === title || splitTitle(text).rest === title;
}
