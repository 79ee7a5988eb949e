import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { loadConfig } from '../../app/settings.ts';
import { AppError } from '../../platform/errors/app-error.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'comfleet-access-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function load(yaml: string, environment: Record<string, string> = {}) {
  const file = join(folder, 'config.yaml');
  writeFileSync(file, yaml);
  return loadConfig({ file, environment, cwd: folder });
}

it('reads secrets from text, environment and files beside the configuration', async () => {
  writeFileSync(join(folder, 'password.txt'), 'from file\n');
  const { config } = await load(
    `workers:
  - { url: 'https://a:b%20c@one/comfy/' }
  - { url: 'https://two', auth: { username: u, password: { file: password.txt } } }
  - { url: 'https://three', auth: { token: { env: TOKEN } }, headers: { X-A: text, X-B: { env: TOKEN } } }`,
    { TOKEN: 'from env' },
  );

  expect(config.workers.map(({ url, auth, headers }) => ({ url, auth, headers }))).toEqual([
    { url: 'https://one/comfy', auth: { username: 'a', password: 'b c' }, headers: {} },
    { url: 'https://two', auth: { username: 'u', password: 'from file' }, headers: {} },
    { url: 'https://three', auth: { token: 'from env' }, headers: { 'X-A': 'text', 'X-B': 'from env' } },
  ]);
});

it.each([
  ['auth: { token: { env: NONE } }', 'workers[0].auth.token', 'the environment variable NONE is not set'],
  ['auth: { token: { file: empty } }', 'workers[0].auth.token', 'the file is empty'],
  ['headers: { X: { env: NONE } }', 'workers[0].headers.X', 'the environment variable NONE is not set'],
  [
    'tls: { ca_file: empty }',
    'workers[0].tls.ca_file',
    'holds no certificate in PEM (-----BEGIN CERTIFICATE-----)',
  ],
  ['auth: { username: "a:b", password: x }', 'workers[0].auth.username', 'a user name has no colon'],
])('%s is refused with its place', async (line, path, message) => {
  writeFileSync(join(folder, 'empty'), '');

  const error = await load(`workers:\n  - url: 'https://gpu'\n    ${line}`).catch(
    (thrown: unknown) => thrown,
  );

  expect(error).toBeInstanceOf(AppError);
  expect(error).toMatchObject({ details: { problems: [{ path, line: 3, message }] } });
});

it('warns of a login over http and of certificates that are not checked, and never repeats a secret', async () => {
  const { warnings } = await load(`workers:
  - { url: 'http://studio:secret@gpu' }
  - { url: 'http://studio:secret@127.0.0.1:8188' }
  - { url: 'https://other', tls: { verify: false } }`);

  expect(warnings.map(({ path }) => path)).toEqual(['workers[0].url', 'workers[2].tls.verify']);
  expect(JSON.stringify(warnings)).not.toContain('secret');
});

it('refuses a login in two places without repeating it', async () => {
  const error = await load(`workers:\n  - { url: 'http://a:secret@gpu', auth: { token: other } }`).catch(
    (thrown: unknown) => thrown,
  );

  expect(error).toMatchObject({ details: { problems: [{ path: 'workers[0].auth' }] } });
  expect(JSON.stringify(error)).not.toMatch(/secret|other"/);
});
