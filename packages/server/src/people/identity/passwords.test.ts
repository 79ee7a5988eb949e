import { dictionary } from '@zxcvbn-ts/language-common';
import { expect, test } from 'vitest';
import { checkPassword } from './passwords.ts';

test('every common password of the list is refused, and the list has more than 3,000 that are long enough', () => {
  const long = dictionary['passwords-common'].map(String).filter((password) => password.length >= 8);
  const admitted = long.filter((password) => !isRefused(password));

  expect(long.length).toBeGreaterThan(3000);
  expect(admitted).toEqual([]);
});

test.each(['aaaaaaaaaaaab', '        9q', 'ИВАН-грозный', '12345 67890 x', 'no digits or capitals'])(
  'no kind of character is demanded of %j',
  (password) => {
    expect(isRefused(password)).toBe(false);
  },
);

function isRefused(password: string): boolean {
  try {
    checkPassword(password, 'ada');
    return false;
  } catch {
    return true; // PASSWORD_REFUSED is all that it throws.
  }
}
