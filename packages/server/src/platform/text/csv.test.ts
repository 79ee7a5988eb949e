import { expect, test } from 'vitest';
import { toCsvLine } from './csv.ts';

test.each([
  [['a', 1, true, null], 'a,1,true,\r\n'],
  [['a,b', 'say "hi"', 'two\nlines'], '"a,b","say ""hi""","two\nlines"\r\n'],
  [[{ role: 'viewer' }], '"{""role"":""viewer""}"\r\n'],
  [['图片', -1.5], '图片,-1.5\r\n'],
])('DB12 a line of CSV of %j', (values, line) => {
  expect(toCsvLine(values)).toBe(line);
});

test.each(['=1+1', '+1', '-1', '@SUM(A1)', '\tx', '\r=1'])(
  'DB12 %j is text for a spreadsheet, not a formula',
  (text) => {
    expect(toCsvLine([text]).replace(/^"/, '')).toMatch(/^'/);
  },
);
