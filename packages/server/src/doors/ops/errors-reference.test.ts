import { ERRORS } from '@comfleet/contract';
import { expect, test } from 'vitest';
import { renderErrorsReference } from './errors-reference.ts';

/** `npx vitest run --project unit errors-reference -u` rewrites them. */
const REFERENCE = new URL('../../../../../docs/reference/', import.meta.url);

test.each([
  ['API15 docs/reference/errors.md', 'errors.md', 'en'],
  ['docs/reference/errors.zh-CN.md', 'errors.zh-CN.md', 'zh-CN'],
] as const)('%s is what the registry says', async (_title, file, language) => {
  await expect(renderErrorsReference(language)).toMatchFileSnapshot(new URL(file, REFERENCE).pathname);
});

test.each(['en', 'zh-CN'] as const)('every code of the registry has one row in %s', (language) => {
  const rows = renderErrorsReference(language)
    .split('\n')
    .filter((line) => line.startsWith('| `'));
  expect(rows.length).toBe(Object.keys(ERRORS).length);
});
