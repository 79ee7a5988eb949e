import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemRandom } from '../time/clock.ts';
import { openSecrets } from './secrets-file.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'comfleet-secrets-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

test('SE2 secrets are drawn once, kept, and readable by the owner only', async () => {
  const first = await openSecrets(folder, systemRandom, null);
  const second = await openSecrets(folder, systemRandom, null);
  expect(second).toEqual(first);
  expect(first.signingKey.length).toBe(32);
  expect((await stat(join(folder, 'secrets.json'))).mode & 0o777).toBe(0o600);
});

test('AU1 the secret key of the configuration signs links instead of the generated one', async () => {
  const secrets = await openSecrets(folder, systemRandom, 'k'.repeat(40));
  expect(Buffer.from(secrets.signingKey).toString()).toBe('k'.repeat(40));
});

test('a damaged file is refused, never silently replaced', async () => {
  await writeFile(join(folder, 'secrets.json'), '{}');
  await expect(openSecrets(folder, systemRandom, null)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
});
