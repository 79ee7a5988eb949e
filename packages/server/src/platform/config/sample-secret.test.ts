import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isSampleSecret, isWeakSecret } from './sample-secret.ts';

const ROOT = join(import.meta.dirname, '../../../../..');

test.each([
  'your-secret-key',
  'your_password',
  'your_client_secret',
  'your-secret-key-here-at-least-32-characters-long',
  'CHANGE_ME_IN_PRODUCTION_PLEASE_CHANGE_ME',
  'change-me-to-a-long-random-string-of-32-characters',
  'super-secret-jwt-signing-key-for-comfleet-server',
  'my_super_secret_join_token_for_workers_1234',
  'secret',
  'admin',
  'root',
  'comfyui',
  'test1234',
  '123456',
  '12345678901234567890123456789012',
  '0123456789abcdef0123456789abcdef',
  'abcdefghijklmnopqrstuvwxyz012345',
  'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx',
  '0000000000000000000000000000000000000000000000000000000000000000',
  'deadbeefdeadbeefdeadbeefdeadbeef',
  'abc123abc123abc123abc123abc123abc123',
])('SE2 %s is a sample', (secret) => {
  expect([isSampleSecret(secret), isWeakSecret(secret)]).toEqual([true, true]);
});

test.each(['hex', 'base64', 'base64url'] as const)('10,000 random keys in %s are none', (form) => {
  const keys = Array.from({ length: 10_000 }, () => randomBytes(form === 'hex' ? 16 : 24).toString(form));
  expect(keys.filter(isWeakSecret)).toEqual([]);
});

test.each([
  'correct horse battery staple',
  'Zwei Katzen & 3 Hunde',
  'nd9u8-xuycw-yfbh6-tfqj2',
  '猫と犬と鳥の秘密',
])('the password %s is none', (password) => {
  expect(isSampleSecret(password)).toBe(false);
});

test('SE2 every secret that our documents and examples write out is a sample', () => {
  const pages = ['.', 'docs', 'examples', 'packages/server', 'packages/cli', 'packages/sdk'].flatMap(
    listTexts,
  );
  const written = pages.flatMap((page) =>
    [...readFileSync(page, 'utf8').matchAll(SECRET)].map(([, value = '']) => value),
  );
  expect(pages.length).toBeGreaterThan(40);
  expect(written.length).toBeGreaterThan(1);
  expect(written.filter((value) => !isSampleSecret(value))).toEqual([]);
});

/** A secret with its value, as YAML, JSON or the environment have it; not where it is shortened or named elsewhere. */
const SECRET =
  /\b(?:secret_key|join_token|password|client_secret|COMFLEET_ADMIN_PASSWORD|COMFLEET__\w*(?:KEY|TOKEN|PASSWORD|SECRET))"?(?:: +|=)"?(?!\S*…)([^\s"'{}…<,]{3,})/g;

/** Texts of a folder; below docs and examples those of its folders too. */
function listTexts(folder: string): string[] {
  const recursive = folder === 'docs' || folder === 'examples';
  return readdirSync(join(ROOT, folder), { recursive, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(md|ya?ml|json|mjs)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !path.includes('node_modules') && !path.endsWith('package-lock.json'));
}
