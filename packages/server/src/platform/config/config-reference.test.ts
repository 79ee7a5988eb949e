import { expect, test } from 'vitest';
import { configSchema } from '../../app/settings.ts';
import { renderConfigReference } from './config-reference.ts';

/** `npx vitest run packages/server/src/platform/config -u` writes it anew. */
const REFERENCE = new URL('../../../../../docs/reference/config.md', import.meta.url);

test('docs/reference/config.md is what the schema says', async () => {
  await expect(renderConfigReference(configSchema)).toMatchFileSnapshot(REFERENCE.pathname);
});

test('every key of the reference has a meaning', () => {
  const rows = renderConfigReference(configSchema)
    .split('\n')
    .filter((line) => line.startsWith('| `'));
  expect(rows.length).toBeGreaterThan(80);
  expect(rows.filter((line) => line.endsWith('|  |'))).toEqual([]);
});
