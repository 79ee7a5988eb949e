import { expect, test } from 'vitest';
import { CONFIG_REFERENCE_ZH } from '../../app/config-reference-zh.ts';
import { configSchema, parseConfig } from '../../app/settings.ts';
import { DESCRIPTIONS_ZH } from '../../app/settings-zh.ts';
import { renderConfigReference } from './config-reference.ts';

/** `npx vitest run packages/server/src/platform/config -u` rewrites it. */
const REFERENCE = new URL('../../../../../docs/reference/config.md', import.meta.url);
const REFERENCE_ZH = new URL('../../../../../docs/reference/config.zh-CN.md', import.meta.url);

const { startValues } = parseConfig('', { file: null, environment: {}, cwd: '/' });
const startKeys = Object.keys(startValues);
const reference = renderConfigReference(configSchema, startKeys);
const referenceZh = renderConfigReference(configSchema, startKeys, CONFIG_REFERENCE_ZH);

test('docs/reference/config.md is what the schema says', async () => {
  await expect(reference).toMatchFileSnapshot(REFERENCE.pathname);
});

test('docs/reference/config.zh-CN.md is what the schema says, in Chinese', async () => {
  await expect(referenceZh).toMatchFileSnapshot(REFERENCE_ZH.pathname);
});

test('no Chinese description has lost its English one', () => {
  const text = reference.replaceAll('\\|', '|');
  expect(Object.keys(DESCRIPTIONS_ZH).filter((english) => !text.includes(english))).toEqual([]);
});

test('every key of the reference has a meaning', () => {
  const rows = reference.split('\n').filter((line) => line.startsWith('| `'));
  expect(rows.length).toBeGreaterThan(80);
  expect(rows.filter((line) => line.endsWith('|  |'))).toEqual([]);
});

test('what is read at the start stands under the key that it has in the file', () => {
  const unknown = Object.keys(startValues).filter((key) => !reference.includes(`\n| \`${key}\` |`));
  expect(unknown).toEqual([]);
});
