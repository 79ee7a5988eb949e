import { createUuidV7, type Id, type IdKind } from '@comfleet/contract';
import { SettlingClock, settle } from '@comfleet/test-kit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeComfyui } from '../../../../../test/fakes/fake-comfyui.ts';
import { openMemoryDatabase } from '../../../../../test/kit/memory-database.ts';
import { parseConfig } from '../../../../app/settings.ts';
import { Scope } from '../../../../platform/lifecycle/scope.ts';
import { silentLogger } from '../../../../platform/logging/logger.ts';
import { Sealer } from '../../../../platform/secrets/sealer.ts';
import { systemRandom } from '../../../../platform/time/clock.ts';
import { openWorkerRegistry, type WorkerRegistry } from '../../registry.ts';
import { Enrolment } from '../enrolment.ts';
import type { DiscoveryConfig } from '../settings.ts';
import { type Announcements, openAnnouncements } from './announcements.ts';

const TOKEN = 'f3b1c9d27a5e48b6900d1e2f3a4b5c6d';
const TEXT = `nodes: { discovery_mode: dynamic, join_token: ${TOKEN} }`;
/** As an admin handed it out. */
const HANDED_OUT = 'cfj_rack-1';
const isJoinToken = async (text: string) => text === HANDED_OUT;
const good = { token: TOKEN, address: '10.0.0.9' };
const gpu = { name: 'gpu-9', url: 'http://10.0.0.9:8188', labels: ['fast'] };

let clock: SettlingClock;
let comfyui: FakeComfyui;
let scope: Scope;
let registry: WorkerRegistry;
let discovery: DiscoveryConfig;
let announcements: Announcements;

beforeEach(async () => {
  clock = new SettlingClock();
  comfyui = new FakeComfyui();
  scope = new Scope('test', clock, silentLogger);
  discovery = parseConfig(TEXT, { file: null, environment: {}, cwd: '/' }).config.discovery;
  const { transport, dialer } = comfyui;
  const common = { clock, logger: silentLogger };
  registry = await openWorkerRegistry(scope, {
    ...common,
    transport,
    dialer,
    random: systemRandom,
    database: await openMemoryDatabase(clock),
    sealer: new Sealer(new Uint8Array(32)),
    createId: <K extends IdKind>(): Id<K> => createUuidV7<K>(clock.nowMs(), systemRandom.bytes(10)),
  });
  const enrolment = new Enrolment({
    registry,
    transport,
    clock,
    loads: async () => new Map(),
    configFile: () => null,
    signal: scope.signal,
  });
  announcements = openAnnouncements(scope, {
    ...common,
    registry,
    enrolment,
    discovery: () => discovery,
    isJoinToken,
  });
});
afterEach(() => scope.close());

const names = () => registry.list().map((worker) => worker.name);

describe('Announcements', () => {
  it('ND4 admits a worker that has the join token and responds, and records its return without a check', async () => {
    const worker = await announcements.announce(gpu, good);
    await settle();
    expect(worker.snapshot()).toMatchObject({
      state: 'online',
      source: 'discovered',
      discoveredBy: 'announcement',
      labels: ['fast'],
    });
    comfyui.failure = 'TIMEOUT';
    expect((await announcements.announce(gpu, good)).id).toBe(worker.id);
  });

  it.each([
    ['another token', { ...good, token: `${TOKEN}x` }],
    ['no token', { ...good, token: null }],
  ])('AU8 refuses %s', async (_what, announcer) => {
    await expect(announcements.announce(gpu, announcer)).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
    expect(names()).toEqual([]);
  });

  it('AU8 admits a join token of an admin beside the one of the file, or without one, but not where discovery is static', async () => {
    const announcer = { token: HANDED_OUT, address: '10.0.0.9' };
    await announcements.announce(gpu, announcer);
    discovery = { ...discovery, joinToken: null };
    await announcements.announce(gpu, announcer);
    await expect(announcements.announce(gpu, good)).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
    discovery = { ...discovery, mode: 'static' };
    await expect(announcements.announce(gpu, announcer)).rejects.toMatchObject({ code: 'DISCOVERY_OFF' });
  });

  it('ST5 AU8 refuses an address that guessed ten times for a minute, but never the right token from there', async () => {
    const guess = { token: 'guess', address: '10.0.0.66' };
    for (let turn = 0; turn < 10; turn += 1) await announcements.announce(gpu, guess).catch(() => null);
    await expect(announcements.announce(gpu, guess)).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    await announcements.announce(gpu, { ...good, address: guess.address });
    expect(names()).toEqual(['gpu-9']);
    await clock.advance(60_000);
    await expect(announcements.announce(gpu, guess)).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
  });

  it('ND3 refuses every registration where discovery is static, and says what to do', async () => {
    discovery = { ...discovery, mode: 'static' };
    await expect(announcements.announce(gpu, good)).rejects.toMatchObject({
      code: 'DISCOVERY_OFF',
      details: { discovery_mode: 'static' },
    });
  });

  it('ND5 refuses a new worker that does not answer as ComfyUI', async () => {
    comfyui.answers.set('/system_stats', { hello: 'world' });
    await expect(announcements.announce(gpu, good)).rejects.toMatchObject({
      code: 'WORKER_UNREACHABLE',
      details: { reason: 'something answers on this address, but it is not ComfyUI' },
    });
    expect(names()).toEqual([]);
  });

  it('updates what a worker reports about itself, and its address', async () => {
    const { id } = await announcements.announce(gpu, good);
    await announcements.announce({ ...gpu, labels: ['slow'] }, good);
    expect(registry.find(id)?.snapshot().labels).toEqual(['slow']);
    const moved = await announcements.announce({ ...gpu, url: 'http://10.0.0.10:8188' }, good);
    expect(registry.list()).toMatchObject([
      { id, leaving: true },
      { id: moved.id, leaving: false },
    ]);
  });

  it('does not let an announcement take the name or address of a worker of the file', async () => {
    await registry.add({ name: 'gpu-9', url: 'http://10.0.0.9:8188', source: 'config' });
    const conflict = { code: 'CONFLICT' };
    await expect(announcements.announce(gpu, good)).rejects.toMatchObject(conflict);
    await expect(announcements.announce({ ...gpu, name: 'other' }, good)).rejects.toMatchObject(conflict);
  });

  it('ND4 forgets a worker that was silent in every way for a day, but not one that still responds', async () => {
    await announcements.announce(gpu, good);
    await clock.advance(1_000_000);
    expect(names()).toEqual(['gpu-9']);
    comfyui.failure = 'CONNECTION_REFUSED';
    await clock.advance(86_000_000);
    expect(registry.list()).toMatchObject([{ name: 'gpu-9', state: 'offline' }]);
    await clock.advance(500_000);
    expect(names()).toEqual([]);
  });

  it('lets workers that announced themselves leave when the file turns discovery off', async () => {
    await announcements.announce(gpu, good);
    await settle();
    discovery = { ...discovery, mode: 'static' };
    await clock.advance(30_000);
    expect(registry.list()).toMatchObject([{ leaving: true, state: 'draining' }]);
  });
});
