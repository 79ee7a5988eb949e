import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

/** Every file that the browser-safe entry imports, and the packages they name. */
function collectImports(entry: URL, seen = new Map<string, string[]>()): Map<string, string[]> {
  if (seen.has(entry.href)) return seen;
  const text = readFileSync(entry, 'utf8');
  const found = [...text.matchAll(/(?:from|import) '([^']+)'/g)].map((match) => match[1] ?? '');
  seen.set(
    entry.href,
    found.filter((name) => !name.startsWith('.')),
  );
  for (const name of found.filter((other) => other.startsWith('.')))
    collectImports(new URL(name, entry), seen);
  return seen;
}

describe('the root entry', () => {
  it('runs in a browser: it imports nothing of Node', () => {
    const imports = collectImports(new URL('./index.ts', import.meta.url));
    expect(imports.size).toBeGreaterThan(20);
    expect([...new Set([...imports.values()].flat())]).toEqual([]);
  });
});
