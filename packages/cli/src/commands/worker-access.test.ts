import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { UsageError } from '../exit-codes.ts';
import { readAccess } from './worker-access.ts';

const env = { PASSWORD: 'p', TOKEN: 't' };

it.each([
  [{}, {}],
  [{ user: 'u', passwordEnv: 'PASSWORD' }, { auth: { username: 'u', password: 'p' } }],
  [{ tokenEnv: 'TOKEN' }, { auth: { token: 't' } }],
  [{ auth: false }, { auth: null }],
  [{ headerEnv: ['X-Key=TOKEN'] }, { headers: { 'X-Key': 't' } }],
  [{ verify: false }, { tls: { ca: null, verify: false } }],
])('%j says %j', async (flags, said) => {
  expect(await readAccess(flags, env)).toEqual(said);
});

it('reads the certificate on this machine', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'comfleet-ca-'));
  const caFile = join(folder, 'ca.pem');
  writeFileSync(caFile, 'PEM');
  expect(await readAccess({ caFile }, env)).toEqual({ tls: { ca: 'PEM', verify: true } });
  rmSync(folder, { recursive: true });
});

it.each([
  [{ tokenEnv: 'NONE' }, 'the variable NONE is not set'],
  [{ user: 'u' }, 'A login is --user NAME with --password-env VARIABLE.'],
  [{ user: 'u', tokenEnv: 'TOKEN' }, 'not both'],
  [{ headerEnv: ['X-Key'] }, 'A header is written NAME=VARIABLE'],
  [{ caFile: '/nowhere/ca.pem' }, '/nowhere/ca.pem cannot be read'],
])('%j is a wrong usage: %s', async (flags, message) => {
  const failure = readAccess(flags, env);
  await expect(failure).rejects.toThrow(message);
  await expect(failure).rejects.toBeInstanceOf(UsageError);
});
