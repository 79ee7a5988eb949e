import { expect, test } from 'vitest';
import { deriveStorageState } from './storage-state.ts';

const WELL = { refused: null, folder: null, freeBytes: 10_000_000, log: null };

test.each([
  ['nothing amiss', {}, { kind: 'ok' }],
  ['a file system that does not tell its room', { freeBytes: null }, { kind: 'ok' }],
  ['too little room for a commit', { freeBytes: 4096 }, { kind: 'full' }],
  ['a folder of another user', { folder: 'EACCES' }, { kind: 'unwritable', reason: 'EACCES' }],
  ['a quota that is used up', { folder: 'EDQUOT' }, { kind: 'full' }],
  [
    'SQL that found no room',
    { refused: { code: 'STORAGE_FULL' as const, reason: 'ENOSPC' } },
    { kind: 'full' },
  ],
  [
    'damage, on a full disk',
    { refused: { code: 'DATABASE_DAMAGED' as const, reason: 'malformed' }, freeBytes: 0 },
    { kind: 'damaged', reason: 'malformed' },
  ],
  ['the log alone', { log: 'EISDIR' }, { kind: 'log_lost', reason: 'EISDIR' }],
])('%s', (_name, signs, state) => {
  expect(deriveStorageState({ ...WELL, ...signs })).toEqual(state);
});
