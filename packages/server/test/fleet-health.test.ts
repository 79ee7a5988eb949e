import { randomUUID } from 'node:crypto';
import { openSimulator, openTcpProxy, type Simulator, type TcpProxy } from '@comfleet/simulator';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ConnectedWorker, WorkerChange, WorkerRegistry } from '../src/fleet/workers/registry.ts';
import { Scope } from '../src/platform/lifecycle/scope.ts';
import { silentLogger } from '../src/platform/logging/logger.ts';
import { systemClock } from '../src/platform/time/clock.ts';
import { openRegistry } from './kit/open-registry.ts';

/* Health over loopback against real simulators. Times are a tenth to a thirtieth of the defaults, with the same ratios. */
const SCALED = {
  intervalMs: 250,
  recheckMs: 60,
  idleTimeoutMs: 600,
  busyTimeoutMs: 700,
  busyLimitMs: 1_500,
  quietMs: 60_000,
  firstProbationMs: 1_500,
  maxProbationMs: 15_000,
  selfRecoveryMs: 500,
  advisedEveryMs: 250,
  downEveryMs: 500,
};

let scope: Scope;
let registry: WorkerRegistry;
let changes: (WorkerChange & { atMs: number })[];
const simulators: Simulator[] = [];
const proxies: TcpProxy[] = [];

beforeEach(async () => {
  scope = new Scope('test', systemClock, silentLogger);
  registry = await openRegistry(scope, SCALED);
  changes = [];
  registry.onChange((change) => changes.push({ ...change, atMs: systemClock.monotonicMs() }));
});

afterEach(async () => {
  await scope.close();
  for (const proxy of proxies.splice(0)) await proxy.close();
  for (const simulator of simulators.splice(0)) await simulator.close();
});

async function openServer(options: Parameters<typeof openSimulator>[0] = {}): Promise<Simulator> {
  const simulator = await openSimulator(options);
  simulators.push(simulator);
  return simulator;
}

async function openProxied(
  name: string,
): Promise<{ simulator: Simulator; proxy: TcpProxy; worker: ConnectedWorker }> {
  const simulator = await openServer();
  const proxy = await openTcpProxy({ host: simulator.host, port: simulator.port });
  proxies.push(proxy);
  const worker = await registry.add({ name, url: proxy.url, source: 'config' });
  await when(() => isReady(name));
  return { simulator, proxy, worker };
}

const find = (name: string) => registry.findByName(name)?.snapshot();
const isReady = (name: string) => {
  const snapshot = find(name);
  return snapshot?.state === 'online' && snapshot.inventory !== null && snapshot.socketState === 'connected';
};

/** Resolves when the condition is met; checks it at each change of a worker. */
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

async function submit(worker: ConnectedWorker, seed = 1): Promise<void> {
  const graph = JSON.stringify({
    '1': { class_type: 'EmptyImage', inputs: { width: 64, height: 64, batch_size: 1, color: seed } },
    '2': { class_type: 'SaveImage', inputs: { images: ['1', 0], filename_prefix: 'health' } },
  });
  const outcome = await worker.http.submitPrompt({ graph, promptId: randomUUID() });
  expect(outcome.kind).toBe('accepted');
}

it('a worker whose socket is refused while HTTP works is tried less and less often, and the cause is reported once', async () => {
  const { simulator } = await openProxied('one');
  const since = changes.length;
  const dials = () =>
    changes
      .slice(since)
      .filter(({ cause }) => cause.code === 'worker.socket' && cause.params.phase === 'connecting');
  simulator.control.set({ name: 'ws_refuse', times: 'until_cleared' });
  simulator.control.set({ name: 'ws_close' });
  await when(() => dials().length === 5);
  const [first, fifth] = [dials()[0]?.atMs ?? 0, dials()[4]?.atMs ?? 0];

  // 0.2, 0.4, 0.8 and 1.6 s, each shortened by jitter to at least half.
  expect(fifth - first).toBeGreaterThan(1400);
  expect(find('one')?.state).toBe('online');
  const reports = changes.filter(({ type }) => type === 'worker.socket');
  expect(reports.map(({ cause }) => cause)).toEqual([
    { code: 'worker.socket_refused', params: { problem: expect.stringContaining('50') } },
  ]);
  simulator.control.clear();
  await when(() => isReady('one'));
});

describe('a worker that hangs', () => {
  it('A3 is out after three time-outs when it is idle, and back by itself', async () => {
    const { simulator } = await openProxied('one');
    simulator.control.set({ name: 'freeze', times: 'until_cleared' });
    await when(() => find('one')?.state === 'offline');
    expect(find('one')?.reason).toEqual({ code: 'check.timeout', params: { ms: 600 } });
    simulator.control.clear();
    await when(() => find('one')?.state === 'online');
  });

  it('A4 with a prompt may be silent for most of the busy limit, and gets no new tasks in that time', async () => {
    const { simulator, worker } = await openProxied('one');
    await worker.socket.whenOpen();
    simulator.control.set({ name: 'freeze', ms: 1_300, moment: 'between_post_and_start' });
    await submit(worker);
    await when(() => find('one')?.slots === 0);
    await when(() => find('one')?.slots === 2);
    expect(changes.map(({ type }) => type)).not.toContain('worker.offline');
  });

  it('A5 is in error when its queue fills and nothing runs, and back when it runs again', async () => {
    const { simulator, worker } = await openProxied('one');
    simulator.control.set({ name: 'worker_dead' });
    const startedMs = systemClock.monotonicMs();
    await submit(worker, 1);
    await submit(worker, 2);
    await when(() => find('one')?.state === 'error');
    const tookMs = systemClock.monotonicMs() - startedMs;
    expect(find('one')?.reason).toMatchObject({ code: 'check.stuck', params: { pending: 2 } });
    // 45 s with the default limit of 30 s.
    expect(tookMs).toBeGreaterThanOrEqual(SCALED.busyLimitMs);
    expect(tookMs).toBeLessThan(SCALED.busyLimitMs * 1.5);
    simulator.control.set({ name: 'restart', down_ms: 100 });
    await when(() => find('one')?.state === 'online');
  });
});

describe('a worker that restarts', () => {
  it('A7 in place keeps its id, and its inventory is loaded again', async () => {
    const { simulator, worker } = await openProxied('one');
    simulator.control.set({ name: 'hide_class', class: 'KSampler', times: 'until_cleared' });
    simulator.control.set({ name: 'reboot', down_ms: 300 });
    await when(() => find('one')?.inventory?.classTypes.has('KSampler') === false);
    expect(registry.findByName('one')).toBe(worker);
  });
});

describe('a worker that flaps', () => {
  it('A13 comes back each time, with one slot for longer each time', async () => {
    await openProxied('steady');
    const { proxy, worker } = await openProxied('flapping');
    const trustedMs: number[] = [];
    for (let fall = 0; fall < 3; fall += 1) {
      const from = changes.length;
      await proxy.goDown();
      await when(() => find('flapping')?.state === 'offline');
      await proxy.goUp();
      await when(() => find('flapping')?.state === 'online');
      const backMs = systemClock.monotonicMs();
      expect(find('flapping')?.slots).toBe(1);
      await when(() => find('flapping')?.slots === 2);
      trustedMs.push(systemClock.monotonicMs() - backMs);
      const own = changes.slice(from).filter(({ workerId }) => workerId === worker.id);
      expect(own.filter(({ type }) => type === 'worker.online')).toHaveLength(1);
    }
    const [first = 0, second = 0, third = 0] = trustedMs;
    // 0, 30, 60 s after going down with the defaults, plus one period.
    expect(second).toBeGreaterThan(first + 700);
    expect(third).toBeGreaterThan(second + 700);
    expect(changes.map(({ type }) => type)).not.toContain('worker.ejected');
  }, 30_000);

  it('A15 is used all the same when the others are down', async () => {
    const { proxy } = await openProxied('flapping');
    const { proxy: other } = await openProxied('other');
    await other.goDown();
    await when(() => find('other')?.state === 'offline');
    for (let fall = 0; fall < 3; fall += 1) {
      await proxy.goDown();
      await when(() => find('flapping')?.state === 'offline');
      await proxy.goUp();
      await when(() => find('flapping')?.state === 'online');
    }
    expect(changes.map(({ type }) => type)).not.toContain('worker.ejected');
  });
});

describe('a slow worker', () => {
  it('A12 is used while it is slow, and kept out when it is far slower than the others', async () => {
    await openProxied('quick-1');
    await openProxied('quick-2');
    const { proxy, worker } = await openProxied('slow');
    const calm = proxy.add({ kind: 'latency', ms: 20 });
    for (let check = 0; check < 10; check += 1) await worker.checkNow();
    expect(find('slow')).toMatchObject({ state: 'online', slots: 2 });
    expect(find('slow')?.latencyMs).toBeGreaterThan(20);
    calm();
    proxy.add({ kind: 'latency', ms: 200 });
    await when(() => find('slow')?.state !== 'online');
    expect(find('slow')?.reason?.code).toBe('worker.slow');
    proxy.clear();
    await when(() => find('slow')?.state === 'online');
  }, 20_000);
});

describe('another server on the port', () => {
  it('A17 is not used within one period, and the former one is when it is back', async () => {
    const first = await openServer();
    await registry.add({ name: 'one', url: first.url, source: 'config' });
    await when(() => isReady('one'));
    const { port } = first;
    await first.close();
    await when(() => find('one')?.state === 'offline');
    const stranger = await openServer({ port, argv: ['main.py', '--output-directory', '/elsewhere'] });
    await when(() => find('one')?.state === 'error');
    expect(find('one')?.reason).toMatchObject({
      code: 'check.other_server',
      params: {
        differences: expect.arrayContaining([
          {
            code: 'difference.flag',
            params: {
              flag: '--output-directory',
              now: '/elsewhere',
              before: { code: 'difference.not_given', params: {} },
            },
          },
        ]),
      },
    });
    expect(changes.filter(({ type }) => type === 'worker.online')).toHaveLength(1);
    await stranger.close();
    await when(() => find('one')?.state === 'offline');
    await openServer({ port });
    await when(() => find('one')?.state === 'online');
  });
});

describe('a connection that fails', () => {
  it.each<[string, (worker: ConnectedWorker) => Promise<unknown>]>([
    ['submit', (worker) => worker.http.submitPrompt({ graph: '{}', promptId: randomUUID() })],
    ['history', (worker) => worker.http.loadHistory(randomUUID())],
    ['view', (worker) => worker.http.view({ filename: 'x.png', subfolder: '', type: 'output' })],
    ['upload', (worker) => worker.http.uploadImage({ filename: 'x.png', bytes: new Uint8Array([1]) })],
  ])('HR6 at %s is checked at once, and holds new prompts back', async (_call, call) => {
    const { proxy, worker } = await openProxied('one');
    await worker.checkNow();
    await proxy.goDown();
    await call(worker).catch(() => undefined);
    expect(find('one')?.slots).toBe(0);
    await when(() => find('one')?.state === 'offline');
    expect(find('one')?.recovery?.phase).toBe('checking');
    await when(() => find('one')?.recovery?.phase === 'advised');
    await proxy.goUp();
    await when(() => find('one')?.state === 'online');
    expect(find('one')?.recovery).toBeNull();
  });
});
