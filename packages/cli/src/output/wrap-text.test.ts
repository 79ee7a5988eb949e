import { expect, it } from 'vitest';
import { wrapText } from './wrap-text.ts';

it.each([
  ['文生图，图生图', 8, '文生图，\n图生图'],
  ['文生图，图生图', 7, '文生\n图，图\n生图'],
  ['监听端口（默认）', 10, '监听端口\n（默认）'],
  ['a few words', 6, 'a few\nwords'],
  ['短', 40, '短'],
])('breaks %j into lines of %i columns', (text, width, wrapped) => {
  expect(wrapText(text, width)).toBe(wrapped);
});
