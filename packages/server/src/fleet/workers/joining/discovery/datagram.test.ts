import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ReadOnce, readDatagram } from './datagram.ts';

const TOKEN = 'f3b1c9d27a5e48b6900d1e2f3a4b5c6d';
const NOW = 1_767_225_600_000;
const announcement = {
  at_ms: NOW,
  nonce: '0123456789',
  worker: { name: 'gpu', url: 'http://10.0.0.9:8188', labels: ['fast'] },
};

function sign(body: string, token = TOKEN): Buffer {
  return Buffer.from(`comfleet1 ${createHmac('sha256', token).update(body).digest('hex')} ${body}`);
}

describe('readDatagram', () => {
  it('ND4 reads a datagram signed with the join token', () => {
    const read = readDatagram(sign(JSON.stringify(announcement)), TOKEN, NOW + 59_000);
    expect(read?.announcement).toEqual(announcement);
  });

  it.each([
    ['another token', sign(JSON.stringify(announcement), `${TOKEN}x`)],
    [
      'changed text',
      Buffer.from(sign(JSON.stringify(announcement)).toString().replace('10.0.0.9', '10.0.0.6')),
    ],
    ['another shape', sign('{"worker": "gpu"}')],
    ['no JSON', sign('gpu')],
    [
      'another prefix',
      Buffer.from(sign(JSON.stringify(announcement)).toString().replace('comfleet1', 'comfleet2')),
    ],
    [
      'an unknown key',
      sign(JSON.stringify({ ...announcement, worker: { ...announcement.worker, admin: true } })),
    ],
    ['nothing', Buffer.alloc(0)],
    ['bytes that are no text', Buffer.from([0xff, 0xfe, 0x00])],
  ])('AU8 drops a datagram with %s', (_what, message) => {
    expect(readDatagram(message, TOKEN, NOW)).toBeNull();
  });

  it.each([-61_000, 61_000])('AU8 drops a datagram that is %d ms off', (offMs) => {
    expect(readDatagram(sign(JSON.stringify(announcement)), TOKEN, NOW + offMs)).toBeNull();
  });
});

describe('ReadOnce', () => {
  it('AU8 counts each datagram once as long as it is valid', () => {
    const once = new ReadOnce();
    expect([once.isFirst('a', NOW), once.isFirst('a', NOW + 119_000), once.isFirst('b', NOW)]).toEqual([
      true,
      false,
      true,
    ]);
    expect(once.isFirst('a', NOW + 121_000)).toBe(true);
  });
});
