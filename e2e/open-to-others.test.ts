import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request as openRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Program } from '@comfleet/test-kit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

/*
 * Who reaches a server that was just installed. It is asked over loopback only: 127.0.0.2 is an address of this machine on which a
 * server on 127.0.0.1 does not listen, and one on all addresses does.
 */

const COMMAND = fileURLToPath(new URL('../packages/cli/bin/comfleet.js', import.meta.url));
const CONFIG_EXIT = 78;

let folder: string;
let program: Program | null = null;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'comfleet-open-'));
});
afterEach(async () => {
  if (program?.hasEnded === false) program.signal('SIGTERM');
  await program?.exited;
  program = null;
  await rm(folder, { recursive: true });
});

function serve(flags: readonly string[], environment: NodeJS.ProcessEnv = {}): Program {
  const args = ['serve', '--data', folder, '--port', '0', ...flags];
  const env = { PATH: process.env.PATH, HOME: folder, LANG: 'C.UTF-8', ...environment };
  program = Program.node([COMMAND, ...args], { env, cwd: folder });
  return program;
}

/** The port of a server that has started. */
const waitForPort = async (started: Program) =>
  Number(await started.waitForLine(/runs at http:\/\/.*:(\d+)/));

/** Sends a request to an address of this machine; resolves with its status, or the code of the failed connection. */
function ask(host: string, port: number, path: string, body?: object): Promise<number | string> {
  const method = body ? 'POST' : 'GET';
  return new Promise((resolve) => {
    const headers = { 'content-type': 'application/json' };
    const options = { host, port, path, method, headers: body ? headers : {}, agent: false };
    const request = openRequest(options, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    request.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.name));
    request.end(body && JSON.stringify(body));
  });
}

test('AU14 without an option only this machine reaches the server', async () => {
  const port = await waitForPort(serve([]));
  expect(await ask('127.0.0.1', port, '/healthz')).toBe(200);
  expect(await ask('127.0.0.2', port, '/healthz')).toBe('ECONNREFUSED');
});

test('AU14 SE2 --host 0.0.0.0 is enough: others reach it, and need the password of the first admin', async () => {
  const started = serve(['--host', '0.0.0.0']);
  const port = await waitForPort(started);
  const shown = await started.waitForLine(/^Admin user: admin, password (\S+)$/);
  const signIn = (username: string, password: string) =>
    ask('127.0.0.2', port, '/api/v2/auth/sign-in', { username, password });

  expect(await ask('127.0.0.2', port, '/client/')).toBe(200);
  expect(await ask('127.0.0.2', port, '/api/v2/tasks')).toBe(401);
  const common = [
    ['admin', 'admin'],
    ['admin', 'password'],
    ['admin', 'comfleet'],
    ['admin', ''],
    ['root', 'root'],
    ['comfleet', 'comfleet'],
  ] as const;
  for (const [username, password] of common)
    expect([username, password, await signIn(username, password)]).not.toContain(200);
  expect(await signIn('admin', shown)).toBe(200);
  expect(await readFile(join(folder, 'admin-password'), 'utf8')).toBe(`admin\n${shown}\n`);
  expect(started.lines.filter((line) => line.includes('plain HTTP')).length).toBeLessThanOrEqual(1);
});

const SHORT = /32 random characters|32 个随机字符|32 個隨機字元/;
const AUTH_OFF = /remove this key|请删除此项|請刪除此項/;
const PASSWORD = /COMFLEET_ADMIN_PASSWORD.*(8 to 128|8 到 128)/;

describe.each(['en', 'zh-CN', 'zh-TW'])('in %s', (language) => {
  test.each<[string, NodeJS.ProcessEnv, RegExp]>([
    ['auth.enable_client_auth', { COMFLEET__AUTH__ENABLE_CLIENT_AUTH: 'false' }, AUTH_OFF],
    ['auth.secret_key', { COMFLEET__AUTH__SECRET_KEY: 'your-secret-key' }, SHORT],
    ['auth.secret_key', { COMFLEET__AUTH__SECRET_KEY: 'nd9u8-xuycw-yfbh6' }, SHORT],
    ['nodes.join_token', { COMFLEET__NODES__JOIN_TOKEN: '0123456789abcdef0123456789abcdef' }, SHORT],
    ['COMFLEET_ADMIN_PASSWORD', { COMFLEET_ADMIN_PASSWORD: 'admin' }, PASSWORD],
    ['COMFLEET_ADMIN_PASSWORD', { COMFLEET_ADMIN_PASSWORD: 'Zk7#q' }, PASSWORD],
  ])('AU14 CF8 %s of %j is refused beyond loopback, with the way out', async (setting, environment, way) => {
    const started = serve(['--host', '0.0.0.0', '--lang', language], environment);
    const { code } = await started.exited;
    const said = started.lines.find((line) => line.includes(setting)) ?? started.tail;
    expect([code, said]).toEqual([CONFIG_EXIT, expect.stringMatching(way)]);
    for (const value of Object.values(environment)) expect(said).not.toContain(value);
  });
});

test('AU14 CF8 authentication that is off is refused behind a proxy too, with its line in the file', async () => {
  const config = 'server:\n  public_url: https://render.example\nauth:\n  enable_client_auth: false\n';
  await writeFile(join(folder, 'config.yaml'), config);
  const started = serve([]);
  expect(await started.exited).toEqual({ code: CONFIG_EXIT, signal: null });
  expect(started.tail).toContain('config.yaml:4:3 auth.enable_client_auth: authentication must be on');
});
