import { expect, it } from 'vitest';
import { exitCodeOf } from '../exit-codes.ts';
import { findNamed } from './find-named.ts';

const ITEMS = [
  { id: '01a206a8-aaaa', name: 'gpu-1' },
  { id: '01a206a8-bbbb', name: 'gpu-2' },
  { id: '01a299ff-cccc', name: 'old' },
  { id: '01a2ffff-dddd', name: 'old' },
];
const find = (wish: string) =>
  findNamed(ITEMS, wish, { what: 'worker', code: 'WORKER_NOT_FOUND', read: (item) => item }).id;

it.each([
  ['a name', 'gpu-2', '01a206a8-bbbb'],
  ['a name in other letters', 'GPU-2', '01a206a8-bbbb'],
  ['an id', '01a206a8-aaaa', '01a206a8-aaaa'],
  ['the beginning of an id', '01a206a8-b', '01a206a8-bbbb'],
])('finds by %s', (_how, wish, id) => {
  expect(find(wish)).toBe(id);
});

function refuse(wish: string): [string, number] {
  try {
    return [find(wish), 0];
  } catch (error) {
    return [(error as Error).message, exitCodeOf(error)];
  }
}

it.each([
  ['gpu1', 'There is no worker "gpu1". Did you mean "gpu-1"?', 5],
  ['something else', 'There is no worker "something else".', 5],
  ['01a2', 'There is no worker "01a2".', 5],
  ['old', 'More than one worker is called "old"; give its id: 01a299ff-cccc, 01a2ffff-dddd.', 2],
  ['01a206a8', 'More than one worker is called "01a206a8"; give its id: 01a206a8-aaaa, 01a206a8-bbbb.', 2],
])('says what is wrong with %s', (wish, message, status) => {
  expect(refuse(wish)).toEqual([message, status]);
});
