import { expect, test } from 'vitest';
import { findPhraseProblems } from './banned-phrases.mjs';

test('a banned phrase is named with its line and what to write instead', () => {
  expect(findPhraseProblems('docs/a.md', 'Fine.\nThe worker takes nothing new.\n')).toEqual([
    'docs/a.md:2: "takes nothing new" (instead: accepts no new tasks)',
  ]);
});

test.each(['as long as it runs', 'so long as it runs', 'it took so long that it was canceled', 'in person'])(
  'ordinary English is left alone: %s',
  (text) => {
    expect(findPhraseProblems('a.ts', text)).toEqual([]);
  },
);
