import { expect, test } from 'vitest';
import { takeSignInCode } from './sign-in-code.ts';

test('the one-time code is taken out of the address', () => {
  const seen: unknown[] = [];
  const history = {
    replaceState: (_state: unknown, _title: string, url?: string | URL | null) => void seen.push(url),
  };
  const code = takeSignInCode({ hash: '#code=abc', pathname: '/client/', search: '?open=1' }, history);
  expect(code).toBe('abc');
  expect(seen).toEqual(['/client/?open=1']);
});

test('an address without a code is left alone', () => {
  const seen: unknown[] = [];
  const history = { replaceState: () => void seen.push('changed') };
  expect(takeSignInCode({ hash: '#other', pathname: '/client/', search: '' }, history)).toBeNull();
  expect(seen).toEqual([]);
});
