import { findEnglish } from '@comfleet/test-kit';
import { expect, it } from 'vitest';
import { chooseTexts } from '../examples/parts/texts.mjs';

it('the examples say nothing in English where the language is Chinese', () => {
  const text = chooseTexts({ LANG: 'zh_CN.UTF-8' });
  const place = { item: 1, total: 2, description: 1, descriptions: 1, copy: 1, copies: 2 };
  const lines = [
    ...Object.values(text).filter((line) => typeof line === 'string'),
    ...Object.values(text.cases),
    ...['succeeded', 'failed', 'canceled', 'expired'].map(text.endedAs),
    text.unknown('x'),
    text.heading(1, text.cases.video),
    text.noComfyui('http://127.0.0.1:1'),
    text.item(place),
    text.itemDone(1, 2, '0.10'),
    text.itemFailed(1, 2, 'E1'),
    text.total('0.10'),
    text.submitted('id-1'),
    text.progress('10.0', '3'),
    text.done('0.10'),
    text.saved('/a/b.png'),
    text.direct('http://127.0.0.1:1'),
    text.upgrades(1, 2),
    text.failed('not found'),
    text.summary(6, 1),
  ];

  const names = ['FILE', 'PICTURE', /npm start/g];
  expect(findEnglish(lines.join('\n'), { atLeast: 1, allow: names })).toEqual([]);
});
