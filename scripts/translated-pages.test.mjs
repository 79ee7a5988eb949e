import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { comparePages } from './translated-pages.mjs';
import { root } from './workspace.mjs';

const ORIGINAL = '# Title\n\nText.\n\n## Run it\n\n```sh\nnpm start # installs\n```\n';

test.each([
  ['the same page', '# 标题\n\n文字。\n\n## 运行\n\n```sh\nnpm start # 安装\n```\n', []],
  ['a heading too few', '# 标题\n\n```sh\nnpm start\n```\n', ['headings: 2 and 1, or other levels']],
  ['another command', '# 标题\n## 运行\n```sh\nnpm run\n```\n', ['block 1 differs: npm start']],
  ['no code', '# 标题\n## 运行\n', ['blocks of code: 1 and 0']],
])('%s', (_what, translated, problems) => {
  expect(comparePages(ORIGINAL, translated)).toEqual(problems);
});

test('every Chinese page has the headings and the code of the English one', () => {
  const listing = execFileSync(
    'git',
    ['ls-files', '--cached', '--others', '--exclude-standard', '*.zh-CN.md'],
    {
      cwd: root,
      encoding: 'utf8',
    },
  );
  const pages = listing.split('\n').filter((page) => page !== '' && existsSync(join(root, page)));
  /** @param {string} page */
  const read = (page) => readFileSync(join(root, page), 'utf8');
  const behind = pages.flatMap((page) =>
    comparePages(read(page.replace('.zh-CN.md', '.md')), read(page)).map((problem) => `${page}: ${problem}`),
  );
  expect(behind).toEqual([]);
  expect(pages.length).toBeGreaterThanOrEqual(9);
});
