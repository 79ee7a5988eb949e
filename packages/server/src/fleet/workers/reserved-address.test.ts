import { expect, test } from 'vitest';
import { isReservedAddress } from './reserved-address.ts';

test.each([
  'http://169.254.169.254/latest/meta-data',
  'http://2852039166/',
  'http://0xa9fea9fe:80/',
  'http://[::ffff:169.254.169.254]/',
  'http://[::ffff:a9fe:a9fe]/',
  'http://[fd00:ec2::254]/',
  'http://metadata.google.internal./',
  'http://100.100.100.200/',
  'http://224.0.0.1/',
  'http://255.255.255.255/',
  'http://[ff02::1]/',
])('SE16 no worker is at %s', (url) => {
  expect(isReservedAddress(url)).toBe(true);
});

test.each([
  'http://127.0.0.1:8188',
  'http://localhost:8188',
  'http://gpu-1:8188',
  'http://10.0.0.4:8188',
  'http://192.168.1.4:8188',
  'http://172.16.0.9:8188',
  'http://100.64.0.7:8188',
  'http://[::1]:8188',
  'http://[fe80::1]:8188',
  'http://[fd12:3456::7]:8188',
  'https://comfy.example/path',
])('a worker may be at %s', (url) => {
  expect(isReservedAddress(url)).toBe(false);
});
