import { openSimulator, type Simulator } from '@comfleet/simulator';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { WorkerRegistry } from '../src/fleet/workers/registry.ts';
import { Scope } from '../src/platform/lifecycle/scope.ts';
import { silentLogger } from '../src/platform/logging/logger.ts';
import { systemClock } from '../src/platform/time/clock.ts';
import { openRegistry } from './kit/open-registry.ts';

let scope: Scope;
let registry: WorkerRegistry;
const simulators: Simulator[] = [];

beforeEach(async () => {
  scope = new Scope('test', systemClock, silentLogger);
  registry = await openRegistry(scope, { intervalMs: 200, recheckMs: 50 });
});

afterEach(async () => {
  await scope.close();
  for (const simulator of simulators.splice(0)) await simulator.close();
});

async function openServer(options: Parameters<typeof openSimulator>[0] = {}): Promise<Simulator> {
  const simulator = await openSimulator(options);
  simulators.push(simulator);
  return simulator;
}

function when(isReached: () => boolean): Promise<void> {
  if (isReached()) return Promise.resolve();
  return new Promise((resolve) => {
    const end = registry.onChange(() => {
      if (!isReached()) return;
      end();
      resolve();
    });
  });
}

const find = (name: string) => registry.findByName(name)?.snapshot();

describe('workers over loopback', () => {
  it('ND12 knows what a ComfyUI can run and holds one socket to it', async () => {
    const { url } = await openServer();
    const worker = await registry.add({ name: 'only', url, source: 'config' });
    await when(() => find('only')?.inventory !== null && find('only')?.socketState === 'connected');
    expect(find('only')).toMatchObject({ state: 'online', maxUploadBytes: 104857600 });
    const inventory = find('only')?.inventory;
    expect(inventory?.version).toBe('0.3.64');
    expect(inventory?.classTypes.has('KSampler')).toBe(true);
    expect(inventory?.models.get('checkpoints')?.has('random-a.safetensors')).toBe(true);
    expect(worker.socket.upgrades).toBe(1);
  });

  it('holds one object_info for workers that reported the same', async () => {
    const [a, b] = [await openServer(), await openServer()];
    await registry.add({ name: 'a', url: a.url, source: 'simulated' });
    await registry.add({ name: 'b', url: b.url, source: 'simulated' });
    await when(() => registry.knownInventories().length === 2);
    expect(find('a')?.inventory?.objectInfo).toBe(find('b')?.inventory?.objectInfo);
    expect(find('a')?.simulated).toBe(true);
  });

  it('HR13 takes a server into service that was down at the start', async () => {
    const probe = await openServer();
    const { port, url } = probe;
    await probe.close();
    await registry.add({ name: 'late', url, source: 'config' });
    await when(() => find('late')?.reason?.code === 'check.refused');
    expect(find('late')?.state).toBe('offline');
    await openServer({ port });
    await when(() => find('late')?.state === 'online' && find('late')?.inventory !== null);
  });

  it('sees a server go and come back, and keeps what it could run meanwhile', async () => {
    const first = await openServer();
    await registry.add({ name: 'one', url: first.url, source: 'config' });
    await when(() => find('one')?.inventory !== null);
    await first.close();
    await when(() => find('one')?.state === 'offline');
    expect(registry.knownInventories()[0]?.classTypes.has('KSampler')).toBe(true);
    await openServer({ port: first.port });
    await when(() => find('one')?.state === 'online' && find('one')?.socketState === 'connected');
  });

  it('refuses a ComfyUI that is too old', async () => {
    const { url } = await openServer({ version: 'old' });
    await registry.add({ name: 'old', url, source: 'config' });
    await when(() => find('old')?.state === 'error');
    expect(find('old')?.reason).toEqual({
      code: 'check.too_old',
      params: { version: '0.3.40', floor: '0.3.57' },
    });
  });
});
