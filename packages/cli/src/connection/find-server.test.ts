import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findServer } from './find-server.ts';

let cwd: string;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'comfleet-cli-'));
  await mkdir(join(cwd, '.comfleet'));
  const credential = { url: 'http://127.0.0.1:8001', client_id: 'c', client_secret: 's', token: 'own' };
  await writeFile(join(cwd, '.comfleet', 'credential.json'), JSON.stringify(credential));
});
afterEach(async () => {
  await rm(cwd, { recursive: true });
});

describe('findServer', () => {
  it('finds the credential of the server that was started here', async () => {
    expect(await findServer({}, { env: {}, cwd })).toMatchObject({
      url: 'http://127.0.0.1:8001',
      token: 'own',
    });
  });

  it('finds it in COMFLEET_DATA and --data', async () => {
    const data = join(cwd, '.comfleet');

    expect((await findServer({}, { env: { COMFLEET_DATA: data }, cwd: '/' })).token).toBe('own');
    expect((await findServer({ data }, { env: {}, cwd: '/' })).token).toBe('own');
  });

  it('takes the environment before the file and options before both', async () => {
    const env = { COMFLEET_URL: 'http://other', COMFLEET_TOKEN: 'theirs' };

    expect(await findServer({}, { env, cwd })).toMatchObject({ url: 'http://other', token: 'theirs' });
    expect(await findServer({ url: 'http://third', token: 'mine' }, { env, cwd })).toMatchObject({
      url: 'http://third',
      token: 'mine',
    });
  });

  it('never sends the file’s token to another server', async () => {
    expect((await findServer({ url: 'http://elsewhere:8001' }, { env: {}, cwd })).token).toBe(null);
    expect((await findServer({ url: 'http://127.0.0.1:9999' }, { env: {}, cwd })).token).toBe(null);
    expect((await findServer({ url: 'http://localhost:8001/' }, { env: {}, cwd })).token).toBe('own');
  });

  it('falls back to the usual address without a token', async () => {
    expect(await findServer({ data: 'nothing' }, { env: {}, cwd })).toMatchObject({
      url: 'http://127.0.0.1:8000',
      token: null,
    });
  });
});
