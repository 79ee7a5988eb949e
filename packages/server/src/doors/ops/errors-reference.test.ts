import { ERRORS } from '@comfleet/contract';
import { expect, test } from 'vitest';
import { renderErrorsReference } from './errors-reference.ts';

/** `npx vitest run packages/server/src/doors/ops -u` rewrites it. */
const REFERENCE = new URL('../../../../../docs/reference/errors.md', import.meta.url);

test('API15 docs/reference/errors.md is what the registry says', async () => {
  await expect(renderErrorsReference()).toMatchFileSnapshot(REFERENCE.pathname);
});

test('every code of the registry has one row', () => {
  const rows = renderErrorsReference()
    .split('\n')
    .filter((line) => line.startsWith('| `'));
  expect(rows.length).toBe(Object.keys(ERRORS).length);
});
