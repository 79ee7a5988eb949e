import { type BadInput, writeRequest } from './raw-request.ts';

const repeat = (count: number, write: (index: number) => string) =>
  Array.from({ length: count }, (_, at) => write(at));
const UNREAD = ['400 INVALID_REQUEST'];
const JSON_TYPE = 'content-type: application/json';

const HOSTS = [
  'evil.example',
  'evil.example:80',
  '127.0.0.1.evil.example',
  'localhost.evil.example',
  '127.0.0.1@evil.example',
  'evil.example#127.0.0.1',
  '169.254.169.254',
  '10.0.0.1',
  '[::ffff:10.0.0.1]',
  '[2001:db8::1]',
  '*',
  '..',
  'xn--lcalhost-n0a',
  'metadata.google.internal',
  'evil.example, 127.0.0.1',
  'a'.repeat(3000),
];

/** Heads that Node's parser must refuse, after the request line. */
const UNREADABLE: readonly [name: string, lines: readonly string[]][] = [
  ['a negative length', ['content-length: -1']],
  ['a length with a sign', ['content-length: +5']],
  ['a length in words', ['content-length: five']],
  ['a length in hex', ['content-length: 0x10']],
  ['a length with a fraction', ['content-length: 5.5']],
  ['a length beyond 64 bits', ['content-length: 18446744073709551616']],
  ['two different lengths', ['content-length: 5', 'content-length: 6']],
  ['two equal lengths', ['content-length: 5', 'content-length: 5']],
  ['two lengths in a list', ['content-length: 5, 6']],
  ['a length and chunks', ['content-length: 5', 'transfer-encoding: chunked']],
  ['chunks and a length', ['transfer-encoding: chunked', 'content-length: 5']],
  ['an unknown coding before chunks', ['transfer-encoding: chunked, identity', 'content-length: 5']],
  ['a chunked coding that is hidden by a tab', ['transfer-encoding:\tchunked', 'content-length: 5']],
  ['a space before the colon', ['content-length : 5']],
  ['a name with a space', ['a b: c']],
  ['a name with a NUL', ['a\0b: c']],
  ['a value with a NUL', ['a: b\0c']],
  ['a value with a bare CR', ['a: b\rx: y']],
  ['a line without a colon', ['justtext']],
  ['an empty name', [': value']],
  ['a folded line', ['a: b', ' folded']],
  ['a name in another script', ['\xe9\xe8: c']],
];

const LINES: readonly [name: string, bytes: string][] = [
  ['no HTTP at all', 'HELO evil\r\n\r\n'],
  ['HTTP/0.9', 'GET /\r\n\r\n'],
  ['HTTP/2 without an upgrade', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ['HTTP/9.9', 'GET / HTTP/9.9\r\nhost: x\r\n\r\n'],
  ['TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n'],
  ['a request line without a path', 'GET HTTP/1.1\r\nhost: x\r\n\r\n'],
  ['a NUL in the request line', 'GET /\0 HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n'],
  [
    'a method of 5,000 letters',
    `${'A'.repeat(5000)} / HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n`,
  ],
  ['a second space after the path', 'GET /  HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n'],
  [
    'a length with a word in the chunk',
    'POST /api/v2/auth/token HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\ntransfer-encoding: chunked\r\ncontent-type: application/json\r\n\r\nzz\r\n{}\r\n0\r\n\r\n',
  ],
  [
    'a chunk size beyond 64 bits',
    'POST /api/v2/auth/token HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\ntransfer-encoding: chunked\r\ncontent-type: application/json\r\n\r\nfffffffffffffffff\r\n{}\r\n0\r\n\r\n',
  ],
];

/** Heads that are too large, ambiguous, or for another host. */
export function headInputs(bearer: string): BadInput[] {
  const authorization = `authorization: Bearer ${bearer}`;
  const make = (name: string, bytes: Buffer, refusals: readonly string[]): BadInput => ({
    name,
    bytes,
    refusals,
    operation: null,
  });
  const large: readonly [name: string, lines: readonly string[]][] = [
    ['10,000 headers', repeat(10_000, (at) => `x-${at}: 1`)],
    ['a header of 1 MB', [`x-large: ${'a'.repeat(1_000_000)}`]],
    ['a header name of 20 kB', [`${'x'.repeat(20_000)}: 1`]],
    ['a cookie of 20 kB', [`cookie: ${'a=b; '.repeat(4000)}`]],
    ['a bearer of 20 kB', [`authorization: Bearer ${'a'.repeat(20_000)}`]],
  ];
  return [
    ...HOSTS.map((host) =>
      make(`the host ${host.slice(0, 60)}`, writeRequest({ host, headers: [authorization] }), [
        '400 INVALID_REQUEST',
      ]),
    ),
    make('no host', writeRequest({ host: null, headers: [authorization] }), UNREAD),
    make('an empty host', writeRequest({ host: '', headers: [authorization] }), UNREAD),
    make('two hosts', writeRequest({ headers: ['host: evil.example', authorization] }), UNREAD),
    ...UNREADABLE.map(([name, lines]) =>
      make(
        name,
        writeRequest({ method: 'POST', headers: [authorization, JSON_TYPE, ...lines], body: 'hello' }),
        UNREAD,
      ),
    ),
    ...LINES.map(([name, bytes]) => make(name, Buffer.from(bytes, 'latin1'), [...UNREAD, '404 NOT_FOUND'])),
    ...large.map(([name, lines]) =>
      make(name, writeRequest({ headers: [...lines, authorization] }), ['431 INVALID_REQUEST', 'closed']),
    ),
    make('a path of 1 MB', writeRequest({ path: `/${'a'.repeat(1_000_000)}` }), [
      '431 INVALID_REQUEST',
      'closed',
    ]),
    ...typeInputs(authorization),
  ];
}

/** Bodies that are JSON by their bytes but not by their type, as forms of other sites send them. */
function typeInputs(authorization: string): BadInput[] {
  const types = [
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/xml',
    'text/html',
    'application/x-yaml',
    'application/octet-stream',
    'application/json-patch+json',
    'application/jsonx',
    'image/png',
    '*/*',
    'json',
  ];
  return types.map((type) => ({
    name: `a submission as ${type}`,
    bytes: writeRequest({
      method: 'POST',
      headers: [authorization],
      type,
      body: '{"workflow_name":"basic"}',
    }),
    refusals: ['415 UNSUPPORTED_MEDIA', '400 INVALID_REQUEST'],
    operation: 'POST /api/v2/tasks',
  }));
}
