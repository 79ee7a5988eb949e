import { expect, test } from 'vitest';
import { listProblems } from '../platform/config/config-problem.ts';
import { AppError } from '../platform/errors/app-error.ts';
import { parseConfig } from './settings.ts';

function parse(text: string, environment = {}) {
  return parseConfig(text, { file: '/etc/comfleet.yaml', environment, cwd: '/' }).config;
}

test('results have limits of bytes and number; the time before a failover is 5 s', () => {
  const { limits, placement } = parse('');
  expect(limits).toMatchObject({
    resultBytes: 8_589_934_592,
    taskResultBytes: 68_719_476_736,
    resultFiles: 20_000,
  });
  expect(placement.offlineGraceMs).toBe(5000);
});

test('CF1 they come from the file and from the environment', () => {
  const environment = { COMFLEET__NODES__LOAD_BALANCING__FAILOVER_SECONDS: '0.5' };
  const { limits, placement } = parse('limits: { result_bytes: 2048, result_files: 3 }', environment);
  expect(limits).toMatchObject({ resultBytes: 2048, resultFiles: 3 });
  expect(placement.offlineGraceMs).toBe(500);
});

test('0 removes the limit of all results of a task', () => {
  expect(parse('limits: { task_result_bytes: 0 }').limits.taskResultBytes).toBeNull();
});

test('the store of assets and the doors have the same limit for an upload', () => {
  const { limits, assetLimits } = parse('limits: { upload_bytes: 4096 }\nretention: { uploads_seconds: 60 }');
  expect([limits.uploadBytes, assetLimits.pictureBytes]).toEqual([4096, 4096]);
  expect(assetLimits.uploadLifeMs).toBe(60_000);
});

test('a configuration is deeply frozen', () => {
  const config = parse('workers: [{ url: "http://a:8188", metadata: { location: here } }]');
  expect(Object.isFrozen(config.workers[0]?.metadata)).toBe(true);
});

/** The keys that are refused. */
function listRefused(text: string): string[] {
  try {
    parse(text);
    return [];
  } catch (thrown) {
    if (!(thrown instanceof AppError)) throw thrown;
    return listProblems(thrown).map(({ message }) => message.split(':')[0] ?? '');
  }
}

test.each([
  ['an address that others open', 'public_url: https://studio.example'],
  ['a proxy in front', 'trusted_proxies: [127.0.0.1]'],
  ['a name for other machines', 'allowed_hosts: [render.lan]'],
  ['every address', 'host: 0.0.0.0'],
  ['every address, written as 0', 'host: "0"'],
  ['one address of the machine', 'host: 192.0.2.2'],
  ['a name of the machine', 'host: render.lan'],
])('AU14 CF8 with %s nothing is left open', (_what, server) => {
  const open = `server: { ${server} }\nauth: { enable_client_auth: false, secret_key: your-secret-key }`;
  expect(listRefused(open)).toEqual(['auth.secret_key', 'auth.enable_client_auth']);
});

test.each([
  'host: localhost',
  'host: "::1"',
  'public_url: "http://localhost:9000"',
  'allowed_hosts: [127.0.0.2]',
])('AU14 with %s only this machine reaches the server', (server) => {
  const open = `server: { ${server} }\nauth: { enable_client_auth: false }`;
  expect(parse(open).auth.required).toBe(false);
});

test.each(['"*"', '"*.lan"', 'https://render.lan', 'render.lan:8000', 'render.lan/x', '""'])(
  'SE20 the name %s could never be that of a request, and is refused',
  (name) => {
    expect(listRefused(`server: { allowed_hosts: [${name}] }`)).toEqual(['server.allowed_hosts[0]']);
  },
);

test('SE20 names and addresses of every form are allowed', () => {
  const allowed = ['render.lan', 'render', '192.0.2.5', '2001:db8::5', '[2001:db8::5]'];
  expect(parse(`server: { allowed_hosts: ${JSON.stringify(allowed)} }`).server.allowedHosts).toEqual(allowed);
});
