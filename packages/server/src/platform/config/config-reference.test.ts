import { expect, test } from 'vitest';
import { configSchema, parseConfig } from '../../app/settings.ts';
import { renderConfigReference } from './config-reference.ts';

/** `npx vitest run packages/server/src/platform/config -u` rewrites it. */
const REFERENCE = new URL('../../../../../docs/reference/config.md', import.meta.url);

const { startValues } = parseConfig('', { file: null, environment: {}, cwd: '/' });
const reference = renderConfigReference(configSchema, Object.keys(startValues));

test('docs/reference/config.md is what the schema says', async () => {
  await expect(reference).toMatchFileSnapshot(REFERENCE.pathname);
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
