import { expect, test } from 'vitest';
import { takeArrival, toProviderAddress } from './sign-in-code.ts';

test('the one-time code is taken out of the address', () => {
  const seen: unknown[] = [];
  const history = {
    replaceState: (_state: unknown, _title: string, url?: string | URL | null) => void seen.push(url),
  };
  const arrival = takeArrival({ hash: '#code=abc', pathname: '/client/', search: '?open=1' }, history);
  expect(arrival).toEqual({ kind: 'code', code: 'abc' });
  expect(seen).toEqual(['/client/?open=1']);
});

test('an address without a code is left alone', () => {
  const seen: unknown[] = [];
  const history = { replaceState: () => void seen.push('changed') };
  expect(takeArrival({ hash: '#other', pathname: '/client/', search: '' }, history)).toBeNull();
  expect(seen).toEqual([]);
});

test('so is the error of a sign-in at the provider', () => {
  const seen: unknown[] = [];
  const history = {
    replaceState: (_state: unknown, _title: string, url?: string | URL | null) => void seen.push(url),
  };
  const location = { hash: '#sign_in_error=OIDC_DENIED', pathname: '/client/', search: '' };
  expect(takeArrival(location, history)).toEqual({ kind: 'refused', error: 'OIDC_DENIED' });
  expect(seen).toEqual(['/client/']);
});

test('the provider sends the browser back to what was open', () => {
  expect(toProviderAddress({ pathname: '/client/', search: '?a=1&b=2' })).toBe(
    '/api/v2/auth/oidc/sign-in?return_to=%2Fclient%2F%3Fa%3D1%26b%3D2',
  );
});
