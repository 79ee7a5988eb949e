import { createUuidV7, type Id, type IdKind } from '@comfleet/contract';
import { SettlingClock, settle } from '@comfleet/test-kit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FakeComfyui } from '../../../../../test/fakes/fake-comfyui.ts';
import { openMemoryDatabase } from '../../../../../test/kit/memory-database.ts';
import { parseConfig } from '../../../../app/settings.ts';
import { Scope } from '../../../../platform/lifecycle/scope.ts';
import { silentLogger } from '../../../../platform/logging/logger.ts';
import { Sealer } from '../../../../platform/secrets/sealer.ts';
import { systemRandom } from '../../../../platform/time/clock.ts';
import { openWorkerRegistry, type WorkerRegistry } from '../../registry.ts';
import { removeIdle } from '../departures.ts';
import type { DiscoveryConfig } from '../settings.ts';
import { openDnsDiscovery } from './dns-discovery.ts';

const TEXT = 'nodes: { discovery_mode: dynamic, dns: [{ name: gpus.lan, max_concurrent: 3 }] }';

let clock: SettlingClock;
let scope: Scope;
let registry: WorkerRegistry;
let discovery: DiscoveryConfig;
/** The records of the DNS server, or the error that a look-up rejects with. */
let addresses: string[] | Error;

beforeEach(async () => {
  clock = new SettlingClock();
  scope = new Scope('test', clock, silentLogger);
  discovery = parseConfig(TEXT, { file: null, environment: {}, cwd: '/' }).config.discovery;
  const comfyui = new FakeComfyui();
  registry = await openWorkerRegistry(scope, {
    database: await openMemoryDatabase(clock),
    clock,
    random: systemRandom,
    logger: silentLogger,
    transport: comfyui.transport,
    dialer: comfyui.dialer,
    sealer: new Sealer(new Uint8Array(32)),
    createId: <K extends IdKind>(): Id<K> => createUuidV7<K>(clock.nowMs(), systemRandom.bytes(10)),
  });
});
afterEach(() => scope.close());

async function open(first: string[] | Error): Promise<void> {
  addresses = first;
  const resolve4 = async () => {
    if (addresses instanceof Error) throw addresses;
    return addresses;
  };
  const none = async () => [];
  const resolver = { resolve4, resolve6: none, resolveSrv: none };
  openDnsDiscovery(scope, { registry, resolver, discovery: () => discovery, clock, logger: silentLogger });
  await settle();
}

const names = () => registry.list().map((worker) => worker.name);
const states = () => registry.list().map((worker) => worker.state);

function failure(code: string): Error {
  return Object.assign(new Error(`queryA ${code} gpus.lan`), { code });
}

async function look(now: string[] | Error): Promise<void> {
  addresses = now;
  await clock.advance(30_000);
}

test('ND3 a worker with a record joins, and a new record is seen within 30 s', async () => {
  await open(['10.0.0.1']);
  expect(registry.list()).toMatchObject([
    { name: '10.0.0.1:8188', source: 'discovered', discoveredBy: 'dns A gpus.lan', maxConcurrent: 3 },
  ]);
  await look(['10.0.0.1', '10.0.0.2']);
  expect(names()).toEqual(['10.0.0.1:8188', '10.0.0.2:8188']);
});

test('a worker whose record is gone drains, and leaves after the grace', async () => {
  await open(['10.0.0.1', '10.0.0.2']);
  await look(['10.0.0.2']);
  expect(states()).toEqual(['draining', 'online']);
  await removeIdle({ registry, loads: async () => new Map() });
  expect(names()).toEqual(['10.0.0.1:8188', '10.0.0.2:8188']);
  await clock.advance(301_000);
  await removeIdle({ registry, loads: async () => new Map() });
  expect(names()).toEqual(['10.0.0.2:8188']);
});

test('a record that returns within the grace puts its worker back into service', async () => {
  await open(['10.0.0.1']);
  await look([]);
  expect(states()).toEqual(['draining']);
  await look(['10.0.0.1']);
  expect(states()).toEqual(['online']);
});

test.each(['ESERVFAIL', 'ETIMEOUT', 'ECONNREFUSED'])(
  'a look-up that fails with %s keeps the last answer',
  async (code) => {
    await open(['10.0.0.1']);
    await look(failure(code));
    expect(states()).toEqual(['online']);
  },
);

test('a name that no longer exists counts as an answer', async () => {
  await open(['10.0.0.1']);
  await look(failure('ENOTFOUND'));
  expect(states()).toEqual(['draining']);
});

test('a worker that an admin removed stays away as long as its record stays', async () => {
  await open(['10.0.0.1']);
  await registry.remove(registry.list()[0]?.id ?? '');
  await look(['10.0.0.1']);
  expect(names()).toEqual([]);
  await look([]);
  await look(['10.0.0.1']);
  expect(names()).toEqual(['10.0.0.1:8188']);
});

test('ND18 workers of a name that left the file, or of static discovery, drain', async () => {
  await open(['10.0.0.1']);
  discovery = { ...discovery, mode: 'static' };
  await look(['10.0.0.1']);
  expect(states()).toEqual(['draining']);
});
