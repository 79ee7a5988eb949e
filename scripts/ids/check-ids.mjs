// Checks all ids in the files of a repository, without touching the disk.

import { findAsvsProblems } from './check-asvs.mjs';
import { findTitleProblems, readPlannedLimit, renderTestList } from './check-titles.mjs';
import { findFactCitations, findIdCitations, readFactNumbers } from './citations.mjs';
import { findTitles } from './find-titles.mjs';
import { readGuarantees } from './guarantees.mjs';

const GUARANTEES = 'docs/reference/guarantees.md';
const TEST_LIST = 'docs/reference/guarantees-tests.md';
const FACTS = 'docs/reference/comfyui-protocol.md';

/** Where tests are declared. */
const DECLARING = /^(?:packages|e2e|bench|examples|scripts)\/.*\.(?:ts|mjs)$/;

/** Where facts and ids are cited. In scripts, citations are only examples. */
const CITING = /^(?:packages|e2e|bench|examples)\/.*\.(?:ts|mjs|js|vue)$/;

/** @typedef {ReadonlyMap<string, string>} Files texts by their path in the repository */

/**
 * @param {Files} files
 * @returns {{ problems: string[], stale: { path: string, text: string } | undefined }} problems name file and line; `stale` is
 *   the generated list as it should be, if it is out of date
 */
export function checkIds(files) {
  const read = readGuarantees(files.get(GUARANTEES) ?? '');
  const { guarantees } = read;
  const titles = findTitles(selectFiles(files, DECLARING));
  const planned = guarantees.filter(({ state }) => state === 'planned').length;
  const listed = files.get(TEST_LIST) ?? '';
  const limit = readPlannedLimit(listed) ?? planned;
  const problems = [
    ...read.problems.map((problem) => `${GUARANTEES}:${problem}`),
    ...findTitleProblems({ guarantees, titles, guaranteesPath: GUARANTEES }),
    ...findAsvsProblems(files, titles),
    ...findCitationProblems(files, new Set(guarantees.map(({ id }) => id))),
  ];
  if (planned > limit) {
    problems.push(
      `${TEST_LIST}: ${planned} lines are planned, but no more than ${limit} may be; the number only falls`,
    );
  }
  const text = renderTestList({ guarantees, titles, plannedLimit: Math.min(planned, limit) });
  return { problems, stale: text === listed ? undefined : { path: TEST_LIST, text } };
}

/** @param {Files} files @param {RegExp} paths */
function selectFiles(files, paths) {
  return new Map([...files].filter(([path]) => paths.test(path)));
}

/** @param {Files} files @param {ReadonlySet<string>} ids */
function findCitationProblems(files, ids) {
  const facts = readFactNumbers(files.get(FACTS) ?? '');
  return [...selectFiles(files, CITING)].flatMap(([path, text]) => [
    ...findFactCitations(path, text)
      .filter(({ cited }) => !facts.has(cited))
      .map(({ line, cited }) => `${path}:${line}: protocol ${cited} is not in ${FACTS}`),
    ...findIdCitations(path, text)
      .filter(({ cited }) => !ids.has(cited))
      .map(({ line, cited }) => `${path}:${line}: ${cited} is not in ${GUARANTEES}`),
  ]);
}
