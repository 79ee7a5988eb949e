import { type BadInput, writeRequest } from './raw-request.ts';

/** Two listeners on loopback that must not be reached: the second only by a redirect of the first. */
export interface Bait {
  readonly port: number;
}

export interface AddressTargets {
  /** Bearer of a member, who may submit graphs but not manage workers. */
  readonly member: string;
  readonly admin: string;
  readonly joinToken: string;
  readonly bait: Bait;
}

/** Ways to write loopback and other private addresses; those with the port of the bait would reach it. */
function listAddresses(port: number): string[] {
  const hosts = [
    '127.0.0.1',
    'localhost',
    'LOCALHOST',
    '127.1',
    '127.0.1',
    '2130706433',
    '0x7f000001',
    '0x7f.0.0.1',
    '0177.0.0.1',
    '017700000001',
    '127.0.0.1.',
    '127.127.127.127',
    '0.0.0.0',
    '0',
    '[::1]',
    '[::]',
    '[0:0:0:0:0:0:0:1]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[64:ff9b::7f00:1]',
    '①②⑦.⓪.⓪.①',
    'user@127.0.0.1',
    'user:password@127.0.0.1',
    'evil.example@127.0.0.1',
  ];
  const elsewhere = [
    'http://169.254.169.254/latest/meta-data/iam/security-credentials/',
    'http://[fd00:ec2::254]/latest/meta-data/',
    'http://metadata.google.internal/computeMetadata/v1/',
    'http://100.100.100.200/latest/meta-data/',
    'http://10.0.0.1/',
    'http://172.16.0.1/',
    'http://192.168.0.1/',
    'http://100.64.0.1/',
    'http://224.0.0.1/',
    'http://255.255.255.255/',
    'http://[fe80::1]/',
    'http://[fc00::1]/',
    'http://[ff02::1]/',
  ];
  return [...hosts.map((host) => `http://${host}:${port}/`), ...elsewhere];
}

/** Where no ComfyUI is, whoever says so. */
const RESERVED = [
  'http://169.254.169.254/latest/meta-data/',
  'http://2852039166/latest/meta-data/',
  'http://[::ffff:169.254.169.254]/',
  'http://[fd00:ec2::254]/latest/meta-data/',
  'http://metadata.google.internal/computeMetadata/v1/',
  'http://100.100.100.200/latest/meta-data/',
  'http://224.0.0.1/',
  'http://255.255.255.255/',
  'http://[ff02::1]/',
];

/** What is no http address at all. */
function listOtherSchemes(port: number): string[] {
  return [
    'file:///etc/passwd',
    'file://127.0.0.1/etc/passwd',
    `gopher://127.0.0.1:${port}/_x`,
    `dict://127.0.0.1:${port}/info`,
    `ftp://127.0.0.1:${port}/`,
    `ldap://127.0.0.1:${port}/`,
    `ws://127.0.0.1:${port}/`,
    `jar:http://127.0.0.1:${port}!/`,
    'data:text/html,x',
    'javascript:alert(1)',
    `unix:/run/docker.sock`,
    `//127.0.0.1:${port}/`,
    `http:127.0.0.1`,
    `http://`,
    'http://[::1',
    'http://127.0.0.1:99999/',
    'http://a b/',
    `\\\\127.0.0.1\\share`,
  ];
}

/**
 * Addresses wherever a request may name one: as a picture of a task, and as a worker by those who may not add workers. Last, what
 * is no address of a worker, by those who may.
 */
export function addressInputs({ member, admin, joinToken, bait }: AddressTargets): BadInput[] {
  const post = (path: string, bearer: string, body: object) =>
    writeRequest({
      method: 'POST',
      path,
      headers: [`authorization: Bearer ${bearer}`],
      type: 'application/json',
      body: JSON.stringify(body),
    });
  const all = [...listAddresses(bait.port), ...listOtherSchemes(bait.port)];
  const strangeWorkers = [
    ...RESERVED,
    ...listOtherSchemes(bait.port).filter((url) => !url.startsWith('http:127')),
    `http://127.0.0.1:${bait.port}/?query=1`,
    `http://127.0.0.1:${bait.port}/#part`,
  ];
  return [
    ...all.map((url) => ({
      name: `the picture ${url}`,
      bytes: post('/api/v2/tasks', member, { workflow_name: 'invert_image', parameters: { image: url } }),
      refusals: ['422 MISSING_ASSET', '422 INVALID_PARAMETERS'],
      operation: 'POST /api/v2/tasks',
    })),
    ...listAddresses(bait.port).map((url) => ({
      name: `the worker ${url} by a member`,
      bytes: post('/api/fleet/workers', member, { url }),
      refusals: ['403 FORBIDDEN'],
      operation: 'POST /api/fleet/workers',
    })),
    ...strangeWorkers.flatMap((url) => [
      {
        name: `the worker ${url} by an admin`,
        bytes: post('/api/fleet/workers', admin, { url }),
        refusals: ['400 INVALID_REQUEST'],
        operation: 'POST /api/fleet/workers',
      },
      {
        name: `the worker ${url} by itself`,
        bytes: post('/api/fleet/register', joinToken, { url }),
        refusals: ['400 INVALID_REQUEST'],
        operation: 'POST /api/fleet/register',
      },
    ]),
  ];
}
