import { expect, test } from 'vitest';
import { checkIds } from './check-ids.mjs';

const GUARANTEES = `# Guarantees

| id | state | promise |
|---|---|---|
| P6 | here | A crash runs nothing again. |

| id | grade | state | what it does |
|---|---|---|---|
| CD1 | must | here | The end marker ends the task. |
| CD2 | should | planned | History is asked at once. |
`;

const TESTS = `import { expect, test } from 'vitest';
test('P6 a crash runs nothing again', () => expect(1).toBe(1));
test('CD1 the end marker ends the task', () => expect(1).toBe(1));
`;

const FACTS = '# Facts\n\n## 5. The socket\n\n### 5.3 Messages\n\nText.\n';

/** A small repository that passes, with files changed. @param {Record<string, string>} [changed] */
function checkWith(changed = {}) {
  const files = new Map(
    Object.entries({
      'docs/reference/guarantees.md': GUARANTEES,
      'docs/reference/comfyui-protocol.md': FACTS,
      'packages/a/src/end.test.ts': TESTS,
      ...changed,
    }),
  );
  const { stale } = checkIds(files);
  if (stale && !files.has(stale.path)) files.set(stale.path, stale.text);
  return checkIds(files);
}

/** @param {string} line one more line of the test file, its fourth */
const checkLine = (line) => checkWith({ 'packages/a/src/end.test.ts': `${TESTS}${line}\n` }).problems;

test('a good tree has no problem and its list of tests is up to date', () => {
  expect(checkWith()).toEqual({ problems: [], stale: undefined });
});

test('an unknown id in a title is reported with file and line', () => {
  expect(checkLine(`test('CD9 is nowhere', () => {});`)).toEqual([
    'packages/a/src/end.test.ts:4: "CD9 is nowhere" names CD9, which docs/reference/guarantees.md does not have',
  ]);
});

test.each([
  ['a describe', `describe('CD9 group', () => {});`],
  ['a template', `test(\`CD9 ends \${name}\`, () => {});`],
  ['a skip', `test.skipIf(windows)('CD9 ends', () => {});`],
  ['options behind the title', `it('CD9 ends', { timeout: 1 }, () => {});`],
  ['a table', `test.each([1, 2])('CD9 ends %i', () => {});`],
  ['a cell of a table', `test.each([['CD9 ends', 1], ['CD1 begins', 2]])('%s', () => {});`],
  ['a field of a table', `const CASES = [{ title: 'CD9 ends' }];\ntest.each(CASES)('$title', () => {});`],
  ['a loop', `for (const [row] of [["CD9", 1]]) test(\`\${row} ends\`, () => {});`],
  ['a choice', `test(windows ? 'CD1 ends' : 'CD9 ends', () => {});`],
  [
    'a function of ours',
    `const onAll = (title) => describe(\`\${title} [x]\`, () => {});\nonAll('CD9 ends');`,
  ],
])('an unknown id is found in the title of %s', (_where, source) => {
  const problems = checkLine(source.replace(/^/, "import { describe, it } from 'vitest';\n"));

  expect(problems).toHaveLength(1);
  expect(problems[0]).toContain('names CD9');
});

test('a title made by a table in another file is followed there', () => {
  const table = `const ROWS = [{ row: 'CD9', what: 'ends' }];
export const CASES = ROWS.flatMap(({ row, what }) => [1, 2].map((n) => ({ n, title: \`\${row} \${what}\` })));
`;
  const { problems } = checkWith({
    'e2e/table.ts': table,
    'e2e/rows.test.ts': `import { test } from 'vitest';
import { CASES } from './table.ts';
test.each(CASES)('$title', () => {});
`,
  });

  expect(problems).toEqual([
    'e2e/table.ts:1: "CD9 …" names CD9, which docs/reference/guarantees.md does not have',
  ]);
});

test('words that only look like a call of a test are none', () => {
  const { problems } = checkWith({ 'packages/a/src/say.ts': `describe('CD9 is a text', 1);` });

  expect(problems).toEqual([]);
});

test('a line marked here without a test is reported with its place in the guarantees', () => {
  const { problems } = checkWith({ 'packages/a/src/end.test.ts': TESTS.replace('CD1 the', 'The') });

  expect(problems).toEqual([
    'docs/reference/guarantees.md:9: CD1 is marked here, but no test names it; begin a title with CD1, or mark it planned',
  ]);
});

test('three ids in a title are too many, and an id in the middle of one is out of place', () => {
  expect(checkLine(`test('P6 CD1 CD2 three', () => {});`)).toEqual([
    'packages/a/src/end.test.ts:4: "P6 CD1 CD2 three" names 3 ids; at most 2 are allowed',
  ]);
  expect(checkLine(`test('CD1 ends, and CD2 asks', () => {});`)).toEqual([
    'packages/a/src/end.test.ts:4: "CD1 ends, and CD2 asks" names CD2 in the middle; ids stand at the start',
  ]);
});

test('a row that is not a row, and an id that is there twice, are reported', () => {
  const { problems } = checkWith({
    'docs/reference/guarantees.md': `${GUARANTEES}| CD3 | must | soon | Later. |\n| CD2 | must | planned | Again. |\n`,
  });

  expect(problems).toEqual([
    'docs/reference/guarantees.md:11: the row of CD3 is not: id | (must or should) | here or planned | text',
    'docs/reference/guarantees.md:12: CD2 is there twice',
  ]);
});

test('more planned lines than committed are refused; fewer make the list out of date', () => {
  const list = `Planned lines: 1. This number may only fall.\n`;
  const more = GUARANTEES.replace('| CD1 | must | here', '| CD1 | must | planned');
  const fewer = GUARANTEES.replace('| CD2 | should | planned', '| CD2 | should | here');
  const passing = `${TESTS}test('CD2 asks', () => {});\n`;

  expect(
    checkWith({ 'docs/reference/guarantees.md': more, 'docs/reference/guarantees-tests.md': list }).problems,
  ).toEqual([
    'docs/reference/guarantees-tests.md: 2 lines are planned, but no more than 1 may be; the number only falls',
  ]);
  expect(
    checkWith({
      'docs/reference/guarantees.md': fewer,
      'docs/reference/guarantees-tests.md': list,
      'packages/a/src/end.test.ts': passing,
    }).stale?.text,
  ).toContain('Planned lines: 0. This number may only fall.');
});

test('a list of tests that is out of date is returned with what it should be', () => {
  const { problems, stale } = checkWith({ 'docs/reference/guarantees-tests.md': 'old\n' });

  expect(problems).toEqual([]);
  expect(stale?.text).toContain('## P6\n\n- a crash runs nothing again · `packages/a/src/end.test.ts`\n');
});

test('facts and ids cited in comments must exist, also across the end of a line', () => {
  const { problems } = checkWith({
    'packages/a/src/cite.ts': `/** Good (protocol 5.3, P6), good (CD1, CD2).
 * Bad: protocol
 * 5.9 and protocol 5 and 7 (CD9). */
const text = 'protocol 9 (CD8)';
`.replace('(protocol 5.3, P6)', '(protocol 5.3) (P6)'),
  });

  expect(problems).toEqual([
    'packages/a/src/cite.ts:2: protocol 5.9 is not in docs/reference/comfyui-protocol.md',
    'packages/a/src/cite.ts:3: protocol 7 is not in docs/reference/comfyui-protocol.md',
    'packages/a/src/cite.ts:4: protocol 9 is not in docs/reference/comfyui-protocol.md',
    'packages/a/src/cite.ts:3: CD9 is not in docs/reference/guarantees.md',
  ]);
});
