import { deflateSync, gzipSync } from 'node:zlib';
import { PNG } from '../support/graphs.ts';
import { type BadInput, writeRequest } from './raw-request.ts';

const JSON_TYPE = 'application/json';
const MEBIBYTE = 1024 * 1024;
const INVALID = ['400 INVALID_REQUEST'];
const REFUSED = ['400 INVALID_REQUEST', '413 BODY_TOO_LARGE', '413 TOO_MANY_VALUES', '415 UNSUPPORTED_MEDIA'];

/** One chunk of a PNG; its checksum is not read by a header check and stays zero. */
function chunk(name: string, data: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  return Buffer.concat([length, Buffer.from(name), data, Buffer.alloc(4)]);
}

function size(width: number, height: number): Buffer {
  const data = Buffer.alloc(13);
  data.writeUInt32BE(width, 0);
  data.writeUInt32BE(height, 4);
  data.set([1, 0, 0, 0, 0], 8);
  return chunk('IHDR', data);
}

function writePng(...chunks: readonly Buffer[]): Buffer {
  return Buffer.concat([PNG.subarray(0, 8), ...chunks, chunk('IEND', Buffer.alloc(0))]);
}

const zeros = (bytes: number) => chunk('IDAT', deflateSync(Buffer.alloc(bytes)));

function frames(count: number): Buffer {
  const data = Buffer.alloc(8);
  data.writeUInt32BE(count);
  return chunk('acTL', data);
}

const SVG = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>';
const XXE = '<?xml version="1.0"?><!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><r>&x;</r>';
const LAUGHS = `a: &a ["x","x"]\n${'bcdefghi'.replace(/./g, (name) => `${name}: &${name} [*a,*a,*a,*a]\n`)}`;

const FILES: readonly [name: string, bytes: Buffer][] = [
  ['a PNG of 30,000 × 30,000 pixels', writePng(size(30_000, 30_000), zeros(MEBIBYTE))],
  ['a PNG of 2^31 pixels a side', writePng(size(0x7fffffff, 0x7fffffff))],
  ['a PNG of 16,385 × 1 pixels', writePng(size(16_385, 1))],
  ['a PNG of 9,000 × 9,000 pixels', writePng(size(9000, 9000), zeros(MEBIBYTE))],
  ['an APNG of 100,000 frames', writePng(size(64, 64), frames(100_000), zeros(1000))],
  ['an APNG of 2^32 frames', writePng(size(64, 64), frames(0xffffffff), zeros(1000))],
  ['an SVG', Buffer.from(SVG)],
  ['an HTML page', Buffer.from('<!doctype html><script>alert(1)</script>')],
  ['XML with an entity', Buffer.from(XXE)],
  ['a zip', Buffer.from('PK\x03\x04\x14\0\0\0\x08\0', 'latin1')],
  ['gzip of 10 MB', gzipSync(Buffer.alloc(10 * MEBIBYTE))],
  ['a GIF', Buffer.from('GIF89a\xff\xff\xff\xff\0\0\0', 'latin1')],
  ['a program', Buffer.from('\x7fELF\x02\x01\x01\0', 'latin1')],
  ['a script', Buffer.from('#!/bin/sh\ntouch /tmp/x\n')],
  ['a pickle', Buffer.from('\x80\x04\x95cposix\nsystem\n', 'latin1')],
  ['nothing', Buffer.alloc(0)],
  ['the first 8 bytes of a PNG', PNG.subarray(0, 8)],
  ['a PDF', Buffer.from('%PDF-1.7\n')],
  ['a BMP', Buffer.from('BM\0\0\0\0')],
  ['a TIFF', Buffer.from('II*\0\x08\0\0\0', 'latin1')],
];

function upload(bearer: string, file: Buffer): Buffer {
  const head =
    '--x\r\ncontent-disposition: form-data; name="file"; filename="a.png"\r\ncontent-type: image/png\r\n\r\n';
  return writeRequest({
    method: 'POST',
    path: '/api/fleet/uploads',
    headers: [`authorization: Bearer ${bearer}`],
    type: 'multipart/form-data; boundary=x',
    body: Buffer.concat([Buffer.from(head), file, Buffer.from('\r\n--x--\r\n')]),
  });
}

const nest = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;
const list = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
const bom = '\ufeff';

/** Bodies of a submission that are no JSON of ours. */
const BODIES: readonly [name: string, body: Buffer | string, headers?: readonly string[]][] = [
  ['33 levels', `{"graph":${nest(33)}}`],
  ['1,000 levels', `{"graph":${nest(1000)}}`],
  ['100,000 levels of lists', `{"parameters":{"a":${list(100_000)}}}`],
  ['100,000 levels that never end', '{"a":'.repeat(100_000)],
  ['20,001 items', `{"parameters":{"a":[${'1,'.repeat(20_000)}1]}}`],
  ['300,000 values', `{"parameters":{"a":[${`[${'1,'.repeat(18_000)}1],`.repeat(17)}1]}}`],
  ['30,000 members', `{"parameters":{${Array.from({ length: 30_000 }, (_, at) => `"k${at}":1`).join(',')}}}`],
  ['gzip without its header', gzipSync('{"workflow_name":"basic"}')],
  ['gzip with its header', gzipSync('{"workflow_name":"basic"}'), ['content-encoding: gzip']],
  ['a gzip bomb', gzipSync(Buffer.alloc(32 * MEBIBYTE, ' ')), ['content-encoding: gzip']],
  ['a deflate bomb', deflateSync(Buffer.alloc(32 * MEBIBYTE, ' ')), ['content-encoding: deflate']],
  ['an unknown coding', '\0\x01', ['content-encoding: br']],
  ['YAML', 'workflow_name: basic\n'],
  ['YAML with aliases', LAUGHS],
  ['XML with an entity', XXE],
  ['a form', 'workflow_name=basic'],
  ['two documents', '{"workflow_name":"basic"}{"workflow_name":"basic"}'],
  ['a comma at the end', '{"workflow_name":"basic",}'],
  ['a comment', '{/* x */"workflow_name":"basic"}'],
  ['single quotes', "{'workflow_name':'basic'}"],
  ['NaN', '{"workflow_name":"basic","priority":NaN}'],
  ['Infinity', '{"workflow_name":"basic","priority":Infinity}'],
  ['a number beyond a double', '{"workflow_name":"basic","priority":1e999}'],
  ['a number of 100,000 digits', `{"workflow_name":"basic","priority":${'9'.repeat(100_000)}}`],
  ['a lone surrogate', Buffer.from('{"workflow_name":"\xed\xa0\x80', 'latin1')],
  ['bytes that are not UTF-8', Buffer.from('{"workflow_name":"\xff\xfe"', 'latin1')],
  ['UTF-16', Buffer.from('{"workflow_name":"basic"}', 'utf16le')],
  ['two byte order marks', `${bom}${bom}{"workflow_name":"basic"}`],
  ['a NUL at the end', '{"workflow_name":"basic"}\0'],
  ['a cut text', '{"workflow_name":"bas'],
  ['a cut escape', '{"workflow_name":"\\u00'],
  ['a raw line end in a text', '{"workflow_name":"a\nb"}'],
  ['a list', '[{"workflow_name":"basic"}]'],
  ['a text', '"workflow_name"'],
  ['a number', '1'],
  ['true', 'true'],
  ['null', 'null'],
  ['nothing', ''],
  ['spaces', '   '],
  ['2 MB of spaces', `{"name":"${' '.repeat(2 * MEBIBYTE)}"}`],
];

/** Where objects with any keys are read. */
const OPEN_OBJECTS: readonly [path: string, write: (member: string) => string][] = [
  ['/api/v2/tasks', (member) => `{"workflow_name":"basic","parameters":{${member}}}`],
  ['/api/v2/tasks', (member) => `{"graph":{"1":{"class_type":"EmptyImage","inputs":{${member}}}}}`],
  ['/api/v2/tasks', (member) => `{"graph":{${member}}}`],
  ['/api/v2/tasks', (member) => `{"workflow_name":"basic","extra_data":{${member}}}`],
  ['/api/v2/tasks', (member) => `{"workflow_name":"basic",${member}}`],
  ['/api/v2/batches', (member) => `{"workflow_name":"basic","tasks":[{"parameters":{${member}}}]}`],
  ['/api/v2/workflows/basic/validate', (member) => `{"parameters":{${member}}}`],
  ['/api/fleet/workers', (member) => `{"url":"http://127.0.0.1:9","metadata":{${member}}}`],
  ['/api/v2/auth/token', (member) => `{"client_id":"x","client_secret":"x",${member}}`],
  ['/api/v2/admin/users', (member) => `{"username":"eve","role":"admin",${member}}`],
];
const PROTOTYPES = [
  '"__proto__":{"role":"admin"}',
  '"__proto__":null',
  '"\\u005f_proto__":{"isAdmin":true}',
  '"constructor":{"prototype":{"isAdmin":true}}',
];

/** Bodies that grow when they are read, that nest, that reach prototypes, and files that are no pictures. */
export function bombInputs(bearer: string): BadInput[] {
  const headers = [`authorization: Bearer ${bearer}`];
  const post = (path: string, body: Buffer | string, more: readonly string[] = []) =>
    writeRequest({ method: 'POST', path, headers: [...headers, ...more], type: JSON_TYPE, body });
  return [
    ...FILES.map(([name, file]) => ({
      name: `an upload of ${name}`,
      bytes: upload(bearer, file),
      refusals: ['415 UNSUPPORTED_MEDIA', '400 INVALID_REQUEST'],
      operation: 'POST /api/fleet/uploads',
    })),
    ...BODIES.map(([name, body, more]) => ({
      name: `a submission of ${name}`,
      bytes: post('/api/v2/tasks', body, more),
      refusals: REFUSED,
      operation: 'POST /api/v2/tasks',
    })),
    ...OPEN_OBJECTS.flatMap(([path, write], at) =>
      PROTOTYPES.map((member) => ({
        name: `${member} in object ${at + 1}, ${path}`,
        bytes: post(path, write(member)),
        refusals: INVALID,
        operation: `POST ${path}`,
      })),
    ),
  ];
}
