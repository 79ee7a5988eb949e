import { expect, it } from 'vitest';
import { findNearestWord } from './nearest-word.ts';

it.each([
  ['sdlx', ['sd1', 'sdxl'], 'sdxl'],
  ['levle', ['level', 'lever'], 'level'],
  ['colr', ['width', 'color'], 'color'],
  ['SOLID', ['solid'], 'solid'],
  ['prot', ['port'], 'port'],
  ['banana', ['port', 'host'], null],
  ['x', [], null],
])('the nearest of %s', (word, words, nearest) => {
  expect(findNearestWord(word, words)).toBe(nearest);
});
