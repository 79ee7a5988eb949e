import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** A private server that tests may ask for. */
export type ServiceName = 'postgres' | 'mariadb' | 'redis';

const relativeImport = /(?:from|import)\s*\(?\s*['"](\.{1,2}\/[^'"]+)['"]/g;
const signs: readonly (readonly [RegExp, readonly ServiceName[]])[] = [
  [/\b(?:testDatabases|describeOnDatabases)\b|COMFLEET_TEST_POSTGRES/, ['postgres']],
  [/\b(?:testDatabases|describeOnDatabases)\b|COMFLEET_TEST_MARIADB/, ['mariadb']],
  [/\btestRedis\b|COMFLEET_TEST_REDIS/, ['redis']],
];

/** The services that these test files, or the local files they import, mention. Only reads their text, runs nothing. */
export function findRequiredServices(testFiles: readonly string[]): Set<ServiceName> {
  const required = new Set<ServiceName>();
  const seen = new Set<string>();
  const waiting = [...testFiles];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (seen.has(path) || !existsSync(path)) continue;
    seen.add(path);
    if (dirname(path) === import.meta.dirname) continue;
    const text = readFileSync(path, 'utf8');
    for (const [sign, names] of signs) if (sign.test(text)) for (const name of names) required.add(name);
    for (const match of text.matchAll(relativeImport)) {
      if (match[1] !== undefined) waiting.push(resolve(dirname(path), match[1]));
    }
  }
  return required;
}
