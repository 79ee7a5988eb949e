import { expect, test } from 'vitest';
import { findPhraseProblems } from './banned-phrases.mjs';

test('a banned phrase is named with its line and what to write instead', () => {
  expect(findPhraseProblems('docs/a.md', 'Fine.\nThe worker takes nothing new.\n')).toEqual([
    'docs/a.md:2: "takes nothing new" (instead: accepts no new tasks)',
  ]);
});

test.each([
  ['/** Opens the port; answers its number. */', '; answers its'],
  ['Two causes are told apart by details.', 'told apart'],
  ['The fleet of now decides.', 'of now'],
  ['An attempt is taken up again.', 'taken up again'],
])('what a comment used to say is refused: %s', (text, phrase) => {
  expect(findPhraseProblems('a.ts', text)).toEqual([expect.stringContaining(`"${phrase}"`)]);
});

test.each([
  'as long as it runs',
  'so long as it runs',
  'it took so long that it was canceled',
  'in person',
  'as of now',
])('ordinary English is left alone: %s', (text) => {
  expect(findPhraseProblems('a.ts', text)).toEqual([]);
});
