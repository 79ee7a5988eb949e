import { createHmac, randomUUID } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { parseConfig } from '../src/app/settings.ts';
import type { Announcement } from '../src/fleet/workers/joining/discovery/announcements.ts';
import { openUdpAnnouncements } from '../src/fleet/workers/joining/discovery/udp-announcements.ts';
import type { ConnectedWorker } from '../src/fleet/workers/registry.ts';
import { Scope } from '../src/platform/lifecycle/scope.ts';
import { silentLogger } from '../src/platform/logging/logger.ts';
import { systemClock } from '../src/platform/time/clock.ts';

const TOKEN = 'f3b1c9d27a5e48b6900d1e2f3a4b5c6d';
const TEXT = `nodes: { discovery_mode: dynamic, join_token: ${TOKEN} }`;

let scope: Scope;
let accepted: Announcement[];
let whenLast: Promise<void>;
let send: (message: Uint8Array) => Promise<void>;

beforeEach(async () => {
  scope = new Scope('test', systemClock, silentLogger);
  const { discovery } = parseConfig(TEXT, { file: null, environment: {}, cwd: '/' }).config;
  accepted = [];
  let resolveLast = () => {};
  whenLast = new Promise((resolve) => {
    resolveLast = resolve;
  });
  const accept = async (announcement: Announcement) => {
    accepted.push(announcement);
    if (announcement.name === 'last') resolveLast();
    return {} as ConnectedWorker;
  };
  const port = await openUdpAnnouncements(
    scope,
    { host: '127.0.0.1', port: 0 },
    { announcements: { accept }, discovery: () => discovery, clock: systemClock, logger: silentLogger },
  );
  const socket = createSocket('udp4');
  scope.add('sender', async () => {
    await once(socket.close(), 'close');
  });
  send = (message) =>
    new Promise((resolve, reject) => {
      socket.send(message, port, '127.0.0.1', (error) => (error ? reject(error) : resolve()));
    });
});
afterEach(() => scope.close());

function sign(name: string, token = TOKEN): Buffer {
  const worker = { name, url: 'http://10.0.0.9:8188', max_concurrent: 3 };
  const body = JSON.stringify({ at_ms: Date.now(), nonce: randomUUID(), worker });
  return Buffer.from(`comfleet1 ${createHmac('sha256', token).update(body).digest('hex')} ${body}`);
}

it('ND4 takes over signed datagrams, each once, and drops all others', async () => {
  const first = sign('first');
  for (const message of [first, first, sign('foreign', 'x'.repeat(32)), Buffer.from('hello'), sign('last')]) {
    await send(message);
  }
  await whenLast;
  expect(accepted).toEqual([
    { name: 'first', url: 'http://10.0.0.9:8188', maxConcurrent: 3 },
    { name: 'last', url: 'http://10.0.0.9:8188', maxConcurrent: 3 },
  ]);
});
