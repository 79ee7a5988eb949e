import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSimulator, type Simulator } from '@comfleet/simulator';
import { type Gateway, openGateway } from '@comfleet/test-kit';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { WorkerRegistry } from '../src/fleet/workers/registry.ts';
import { Scope } from '../src/platform/lifecycle/scope.ts';
import { silentLogger } from '../src/platform/logging/logger.ts';
import { systemClock } from '../src/platform/time/clock.ts';
import { openRegistry } from './kit/open-registry.ts';

let scope: Scope;
let registry: WorkerRegistry;
let folder: string;
const open: (Simulator | Gateway)[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'comfleet-twins-'));
  scope = new Scope('test', systemClock, silentLogger);
  registry = await openRegistry(scope, { intervalMs: 200, recheckMs: 50, selfRecoveryEveryMs: 50 });
});

afterEach(async () => {
  await scope.close();
  for (const one of open.splice(0).reverse()) await one.close();
  await rm(folder, { recursive: true });
});

async function openServer(): Promise<Simulator> {
  const simulator = await openSimulator({ outputDirectory: join(folder, 'output') });
  open.push(simulator);
  return simulator;
}

async function openProxy(target: string): Promise<Gateway> {
  const gateway = await openGateway({ target });
  open.push(gateway);
  return gateway;
}

const add = (name: string, url: string) => registry.add({ name, url, source: 'config' });

/** Resolves when the workers have these states and slots: `{ name: 'state slots' }`. */
function when(wanted: Record<string, string>): Promise<void> {
  const isReached = () =>
    registry
      .list()
      .every(({ name, state, slots }) => wanted[name] === undefined || wanted[name] === `${state} ${slots}`);
  if (isReached()) return Promise.resolve();
  return new Promise((resolve) => {
    const end = registry.onChange(() => {
      if (!isReached()) return;
      end();
      resolve();
    });
  });
}

it('one ComfyUI by loopback name, address, slash and two proxies is used once; the next address takes over', async () => {
  const { url } = await openServer();
  const [near, far] = [await openProxy(url), await openProxy(url)];
  await add('near', near.url);
  await add('far', `${far.url}/`);
  await add('plain', url.replace('127.0.0.1', 'localhost'));
  await when({ near: 'online 2', far: 'draining 0', plain: 'draining 0' });
  const reason = registry.findByName('plain')?.snapshot().reason;

  near.refuse = () => ({ status: 502 });
  near.cut();
  await when({ near: 'offline 0', far: 'online 2', plain: 'draining 0' });
  near.refuse = () => null;
  await when({ near: 'online 2', far: 'draining 0' });
  await registry.override(registry.findByName('near')?.id ?? '', { enabled: false });
  await when({ near: 'maintenance 0', far: 'online 2' });
  await registry.remove(registry.findByName('near')?.id ?? '');
  await registry.remove(registry.findByName('far')?.id ?? '');
  await when({ plain: 'online 2' });

  expect(reason).toEqual({ code: 'worker.same_as', params: { name: 'near' } });
});

it('two ComfyUIs of one machine and one output folder, equal in all they report, are two', async () => {
  const ways: Gateway[] = [];
  for (const { url } of [await openServer(), await openServer()]) ways.push(await openProxy(url));
  for (const [index, { url }] of ways.entries()) await add(`gpu-${index}`, url);
  await when({ 'gpu-0': 'online 2', 'gpu-1': 'online 2' });

  expect(registry.list().map(({ name, state }) => [name, state])).toEqual([
    ['gpu-0', 'online'],
    ['gpu-1', 'online'],
  ]);
  const wasCompared = ways.map(({ seen }) => seen.some(({ path }) => path === '/internal/logs/raw'));
  expect(wasCompared).toEqual([true, true]);
});
