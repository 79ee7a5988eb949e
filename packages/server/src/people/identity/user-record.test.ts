import { expect, test } from 'vitest';
import { toUserName } from './user-record.ts';

test.each([
  ['ada', 'ada'],
  [' Ada  Lovelace ', 'Ada Lovelace'],
  ['ada@example.com', 'ada@example.com'],
  ['李雷', '李雷'],
  ['<b>ada</b>', 'b ada b'],
  ['../../etc', 'etc'],
  ['ada\u202Eadmin', 'ada admin'],
  ['…', null],
  ['', null],
  ['x'.repeat(100), 'x'.repeat(30)],
])('what a provider calls a user, %j, is shown as %j', (text, name) => {
  expect(toUserName(text)).toBe(name);
});
