import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../workspace.mjs';
import { ASVS_PATH, findAsvsProblems } from './check-asvs.mjs';

const TABLE = readFileSync(join(root, ASVS_PATH), 'utf8');

/** Problems of a table whose row of 1.2.1 is this one; all other rows stand without a proof. @param {string} row */
function check(row) {
  const others = TABLE.split('\n').map((line) =>
    line.replace(/^(\| [\d.]+ \|[^|]*\|) [^|]+ \|.*$/, '$1 open | – |'),
  );
  const text = others.map((line) => (line.startsWith('| 1.2.1 |') ? row : line)).join('\n');
  const files = new Map([
    [ASVS_PATH, text],
    ['docs/guides/people.md', ''],
  ]);
  const titles = [{ path: 'a.test.ts', line: 1, text: 'SE1 it holds' }];
  return findAsvsProblems(files, titles).map((problem) => problem.replace(/^[^ ]+ /, ''));
}

test.each([
  ['| 1.2.1 | x | met | “it holds” (`a.test.ts`) |', []],
  ['| 1.2.1 | x | met | [people](../guides/people.md#users) |', []],
  ['| 1.2.1 | x | met | “it held” (`a.test.ts`) |', ['1.2.1 names “it held”, which a.test.ts has not']],
  ['| 1.2.1 | x | open | “it holds” (`b.test.ts`) |', ['1.2.1 names “it holds”, which b.test.ts has not']],
  ['| 1.2.1 | x | met | [gone](gone.md) |', ['1.2.1 names gone.md, which does not exist']],
  ['| 1.2.1 | x | met | we say so |', ['1.2.1 is met, but names neither a test nor a document']],
  ['| 1.2.1 | x | fine | – |', ['1.2.1 is "fine", not one of met, not applicable, open']],
  ['', ['1.2.1 has no row']],
  ['| 1.2.2 | x | open | – |', ['1.2.1 has no row', '1.2.2 is there twice, or no requirement of level 1']],
  ['| 1.2.6 | x | open | – |', ['1.2.1 has no row', '1.2.6 is there twice, or no requirement of level 1']],
])('the row %j has the problems %j', (row, problems) => {
  expect(check(row)).toEqual(problems);
});
