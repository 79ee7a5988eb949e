import type { NetworkInterfaceInfo } from 'node:os';
import { expect, test } from 'vitest';
import { findPlainAddress, listPageAddresses } from './page-addresses.ts';

function address(ip: string, fields: Partial<NetworkInterfaceInfo> = {}): NetworkInterfaceInfo[] {
  return [
    { address: ip, netmask: '', mac: '', internal: false, cidr: null, family: 'IPv4', ...fields },
  ] as NetworkInterfaceInfo[];
}
const INTERFACES = {
  lo: address('127.0.0.1', { internal: true }),
  eth0: [
    ...address('192.168.1.5'),
    ...address('fe80::1', { family: 'IPv6', scopeid: 2 } as object),
    ...address('2001:db8::5', { family: 'IPv6', scopeid: 0 } as object),
  ],
  docker0: address('172.17.0.1'),
};

test.each([
  ['the machine itself', { host: '127.0.0.1' }, 'http://127.0.0.1:8000', ['http://127.0.0.1:8000']],
  [
    'every address, asked on this machine',
    { host: '0.0.0.0' },
    'http://127.0.0.1:8000',
    ['http://127.0.0.1:8000', 'http://192.168.1.5:8000', 'http://172.17.0.1:8000'],
  ],
  [
    'every address of IPv6 too',
    { host: '::' },
    'http://127.0.0.1:8000',
    [
      'http://127.0.0.1:8000',
      'http://192.168.1.5:8000',
      'http://[2001:db8::5]:8000',
      'http://172.17.0.1:8000',
    ],
  ],
  ['every address, asked from another', { host: '::' }, 'http://studio:8000', ['http://studio:8000']],
  ['one address', { host: '192.168.1.5' }, 'http://192.168.1.5:8000', ['http://192.168.1.5:8000']],
])('a sign-in link names an address that can be reached: %s', (_title, { host }, requestHost, expected) => {
  expect(listPageAddresses({ publicUrl: null, host }, requestHost, INTERFACES)).toEqual(expected);
});

test('behind a proxy the links name public_url alone', () => {
  const server = { publicUrl: 'https://pictures.example', host: '0.0.0.0' };
  expect(listPageAddresses(server, 'http://127.0.0.1:8000', INTERFACES)).toEqual([
    'https://pictures.example',
  ]);
});

test.each([
  [['http://127.0.0.1:8000'], null],
  [['http://127.0.0.1:8000', 'http://192.168.1.5:8000'], 'http://192.168.1.5:8000'],
  [['http://192.168.1.5:8000'], 'http://192.168.1.5:8000'],
  [['https://studio.example'], null],
])('AU14 of %j other machines reach %s without TLS', (addresses, plain) => {
  expect(findPlainAddress(addresses)).toBe(plain);
});
