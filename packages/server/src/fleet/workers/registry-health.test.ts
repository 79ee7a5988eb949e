import type { WorkerId } from '@comfleet/contract';
import type { FleetReason } from '@comfleet/contract/texts/fleet';
import { toFleetSentence } from '@comfleet/contract/texts/fleet';
import { SettlingClock, settle } from '@comfleet/test-kit';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeComfyui } from '../../../test/fakes/fake-comfyui.ts';
import { openMemoryDatabase } from '../../../test/kit/memory-database.ts';
import { startFakeRegistry } from '../../../test/kit/start-fake-registry.ts';
import type { Tables } from '../../app/tables.ts';
import type { Database } from '../../platform/database/database.ts';
import type { Scope } from '../../platform/lifecycle/scope.ts';
import type { FleetOptions } from './fleet-options.ts';
import type { ConnectedWorker, WorkerChange, WorkerRegistry } from './registry.ts';
import type { WorkerSpec } from './worker-spec.ts';

const spec = { name: 'gpu-1', url: 'http://127.0.0.1:8188', source: 'config' as const };
const other = { name: 'gpu-2', url: 'http://127.0.0.2:8188', source: 'config' as const };

let clock: SettlingClock;
let database: Database<Tables>;
let comfyui: FakeComfyui;
let changes: WorkerChange[];

beforeEach(async () => {
  clock = new SettlingClock();
  database = await openMemoryDatabase(clock);
  comfyui = new FakeComfyui();
  changes = [];
});

async function openRegistry(options: FleetOptions = {}): Promise<{ registry: WorkerRegistry; scope: Scope }> {
  const { registry, scope } = await startFakeRegistry({ clock, database, comfyui }, options);
  const own = changes; // a registry of the previous test may still report
  registry.onChange((change) => own.push(change));
  return { registry, scope };
}

const listTypes = () => changes.map(({ type }) => type).filter((type) => type !== 'worker.changed');

/** Compression and hashing take real time, which the fake clock does not wait for. */
function hasInventory(worker: ConnectedWorker): Promise<void> {
  return vi.waitFor(() => expect(worker.snapshot().inventory).not.toBeNull());
}

/** Down long enough to be lost, then up long enough to answer two checks. */
async function flap(): Promise<void> {
  comfyui.down.add('127.0.0.1:8188');
  await clock.advance(8_000);
  comfyui.down.clear();
  await clock.advance(3_000);
}

describe('flapping', () => {
  it('ST9 gives a worker that fell twice within ten minutes one prompt at a time, and never shuts it out', async () => {
    const { registry } = await openRegistry();
    const worker = await registry.add(spec);
    await registry.add(other);
    await settle();
    await hasInventory(worker);
    await flap();
    expect(worker.snapshot().state).toBe('online');
    await flap();
    expect(worker.snapshot()).toMatchObject({ state: 'online', slots: 1 });
    await clock.advance(20_000);
    expect(worker.snapshot().slots).toBe(1);
    await clock.advance(15_000);
    expect(worker.snapshot().slots).toBe(2);
    expect(listTypes()).not.toContain('worker.ejected');
  });
});

describe('slots', () => {
  it('begin at one after a return and grow with each period, and placement is notified', async () => {
    const { registry } = await openRegistry();
    const worker = await registry.add({ ...spec, maxConcurrent: 3 });
    await settle();
    expect(worker.snapshot().slots).toBe(3);
    await flap();
    expect(worker.snapshot().slots).toBe(1);
    await clock.advance(5_000);
    expect(worker.snapshot().slots).toBe(2);
    changes.length = 0;
    await clock.advance(5_000);
    expect(worker.snapshot().slots).toBe(3);
    expect(changes.map(({ cause }) => toFleetSentence(cause))).toContain('takes up to 3 prompts');
  });

  it('HR6 are none from a call that failed until the worker answers again', async () => {
    const { registry } = await openRegistry();
    const worker = await registry.add(spec);
    await settle();
    await hasInventory(worker);
    comfyui.failure = 'CONNECTION_REFUSED';
    await expect(worker.http.loadHistory('0198')).rejects.toThrow();
    expect(worker.snapshot()).toMatchObject({ state: 'online', slots: 0 });
    comfyui.failure = null;
    changes.length = 0;
    await clock.advance(1_000);
    expect(worker.snapshot().slots).toBe(2);
    expect(changes.map(({ cause }) => toFleetSentence(cause))).toEqual(['takes up to 2 prompts']);
  });

  it('are none while a user took the worker out', async () => {
    const { registry } = await openRegistry();
    const worker = await registry.add(spec);
    await settle();
    await hasInventory(worker);
    await registry.override(worker.id, { maintenance: true });
    expect(worker.snapshot().slots).toBe(0);
  });
});

describe('the server behind an address', () => {
  const moved = ['main.py', '--port', '8188', '--output-directory', '/elsewhere'];

  it('is in error within one period when it is another one than before, and says what differs', async () => {
    const { registry } = await openRegistry();
    const worker = await registry.add(spec);
    await settle();
    await hasInventory(worker);
    comfyui.argv = moved;
    await clock.advance(5_000);
    expect(worker.snapshot()).toMatchObject({
      state: 'error',
      slots: 0,
      reason: {
        code: 'check.other_server',
        params: {
          differences: [
            {
              code: 'difference.flag',
              params: {
                flag: '--output-directory',
                now: '/elsewhere',
                before: { code: 'difference.not_given', params: {} },
              },
            },
          ],
        },
      },
    });
    expect(listTypes().filter((type) => type === 'worker.identity')).toHaveLength(1);
  });

  it('is known across a restart of ours, and comes back by itself when it is the former one again', async () => {
    const first = await openRegistry();
    await first.registry.add(spec);
    await settle();
    await first.scope.close();
    comfyui.argv = moved;
    const second = await openRegistry();
    const worker = await second.registry.add(spec);
    await settle();
    expect(worker.snapshot().state).toBe('error');
    comfyui.argv = ['main.py', '--lowvram', '--port', '8188'];
    await clock.advance(10_000);
    expect(worker.snapshot().state).toBe('online');
  });

  it('is the expected one once a user accepts it, and then the former one no longer is', async () => {
    const { registry } = await openRegistry();
    const worker = await registry.add(spec);
    await settle();
    await hasInventory(worker);
    comfyui.argv = moved;
    await clock.advance(5_000);
    expect(await registry.acceptIdentity(worker.id)).toMatchObject({ kind: 'ok' });
    await clock.advance(5_000);
    expect(worker.snapshot().state).toBe('online');
    comfyui.argv = ['main.py', '--port', '8188'];
    await clock.advance(5_000);
    expect(worker.snapshot().state).toBe('error');
  });

  it('may be another one when the address was changed', async () => {
    const { registry } = await openRegistry();
    await registry.add({ ...spec, source: 'simulated' });
    await settle();
    comfyui.argv = ['main.py', '--port', '9999'];
    const worker = await registry.add({ ...spec, url: 'http://127.0.0.1:9999', source: 'simulated' });
    await settle();
    expect(worker.snapshot().state).toBe('online');
  });
});

describe('a queue that stands still', () => {
  const oneWaits = { queue_running: [], queue_pending: [[0, 'a', {}, {}, []]] };
  const oneRuns = { queue_running: [[0, 'a', {}, {}, []]], queue_pending: [] };

  async function openWithQueue(body: unknown, source: 'config' | 'instance' = 'config') {
    const { registry } = await openRegistry();
    const marker = source === 'instance' ? 'main.py' : null;
    const worker = await registry.add({ ...spec, source, marker });
    await settle();
    comfyui.answers.set('/queue', body);
    comfyui.sockets[0]?.handlers?.onOpen();
    comfyui.sockets[0]?.handlers?.onText(
      '{"type":"status","data":{"status":{"exec_info":{"queue_remaining":1}}}}',
    );
    return { registry, worker };
  }
  const countProbes = () => comfyui.requests.filter((path) => path === '/queue').length;

  it('is not looked at for half a minute, then makes the worker an error within two seconds', async () => {
    const { worker } = await openWithQueue(oneWaits);
    await clock.advance(29_900);
    expect([worker.snapshot().state, countProbes()]).toEqual(['online', 0]);
    await clock.advance(2_100);
    expect(worker.snapshot()).toMatchObject({
      state: 'error',
      reason: { code: 'check.stuck', params: { pending: 1, seconds: 32 } },
    });
  });

  it('is no fault while a prompt of another client runs, and is checked rarely', async () => {
    const { worker } = await openWithQueue(oneRuns);
    await clock.advance(100_000);
    expect([worker.snapshot().state, countProbes()]).toEqual(['online', 3]);
  });

  it('brings the worker back by itself when it moves again', async () => {
    const { worker } = await openWithQueue(oneWaits);
    await clock.advance(35_000);
    comfyui.answers.set('/queue', oneRuns);
    await clock.advance(8_000);
    expect(worker.snapshot().state).toBe('online');
  });

  it('makes the supervisor of a process of ours restart it, once a minute', async () => {
    const { registry, worker } = await openWithQueue(oneWaits, 'instance');
    const requested: [WorkerId, FleetReason][] = [];
    registry.onRestartRequest((workerId, reason) => {
      requested.push([workerId, reason]);
      return 'it is being restarted';
    });
    await clock.advance(60_000);
    expect(requested).toEqual([[worker.id, { code: 'check.stuck', params: { pending: 1, seconds: 31 } }]]);
    expect(worker.snapshot().recovery?.phase).toBe('restarting');
    await clock.advance(40_000);
    expect(requested).toHaveLength(2);
  });
});

describe('recovery', () => {
  it('HR7 goes from checking to advice to rare checks, and ends with the first good answers', async () => {
    const { registry } = await openRegistry();
    const worker = await registry.add(spec);
    await settle();
    await hasInventory(worker);
    comfyui.failure = 'CONNECTION_REFUSED';
    await clock.advance(8_000);
    expect(worker.snapshot().recovery?.phase).toBe('checking');
    await clock.advance(12_000);
    expect(worker.snapshot().recovery?.phase).toBe('advised');
    const requestCount = comfyui.timeouts.length;
    await clock.advance(120_000);
    expect(comfyui.timeouts.length - requestCount).toBe(12);
    await clock.advance(30_000);
    expect(worker.snapshot().recovery?.phase).toBe('down');
    comfyui.failure = null;
    await clock.advance(32_000);
    expect(worker.snapshot()).toMatchObject({ state: 'online', recovery: null });
    const back = changes.findLast(({ type }) => type === 'worker.online');
    expect(back?.durationMs).toBeGreaterThan(160_000);
  });

  it('HR12 of one worker leaves the checks of another as they are', async () => {
    const { registry } = await openRegistry();
    comfyui.down.add('127.0.0.1:8188');
    await registry.add(spec);
    const well = await registry.add(other);
    await clock.advance(200_000);
    expect(well.snapshot()).toMatchObject({ state: 'online', slots: 2 });
    expect(listTypes().filter((type) => type === 'worker.offline')).toHaveLength(1);
  });
});

describe('the inventory', () => {
  const whenReported = (registry: WorkerRegistry) =>
    new Promise<void>((resolve) => {
      registry.onChange(({ type }) => type === 'worker.inventory' && resolve());
    });
  async function addAndWait(registry: WorkerRegistry, added: WorkerSpec) {
    const reported = whenReported(registry);
    const worker = await registry.add(added);
    await reported;
    return worker;
  }
  const countAll = () => comfyui.requests.filter((path) => path === '/models').length;
  const countClasses = () => comfyui.requests.filter((path) => path === '/object_info').length;

  it('is looked at every five minutes by one request while its classes are the same', async () => {
    const { registry } = await openRegistry();
    await addAndWait(registry, spec);
    await clock.advance(905_000);
    expect([countAll(), countClasses()]).toEqual([1, 4]);
    expect(listTypes().filter((type) => type === 'worker.inventory')).toHaveLength(1);
  });

  it('is loaded completely when the classes have changed', async () => {
    const { registry } = await openRegistry();
    const worker = await addAndWait(registry, spec);
    comfyui.answers.set('/object_info', { NewNode: { input: { required: {} } } });
    const reported = whenReported(registry);
    await clock.advance(305_000);
    await reported;
    expect(worker.snapshot().inventory?.classTypes).toEqual(new Set(['NewNode']));
    expect(listTypes().filter((type) => type === 'worker.inventory')).toHaveLength(2);
  });

  it('waits for a busy worker', async () => {
    const { registry } = await openRegistry();
    await addAndWait(registry, spec);
    const socket = comfyui.sockets[0]?.handlers;
    socket?.onOpen();
    await clock.advance(15_000);
    const before = countClasses();
    socket?.onText('{"type":"status","data":{"status":{"exec_info":{"queue_remaining":1}}}}');
    comfyui.answers.set('/queue', { queue_running: [[0, 'a', {}, {}, []]], queue_pending: [] });
    await clock.advance(600_000);
    expect(countClasses()).toBe(before);
    await clock.advance(900_000);
    expect(countClasses()).toBe(before + 1);
  });

  it('shares its large parts with equal ones, also when read back from SQL', async () => {
    const first = await openRegistry();
    await addAndWait(first.registry, { ...spec, source: 'api' });
    await addAndWait(first.registry, { ...other, source: 'api' });
    const [a, b] = first.registry.knownInventories();
    expect(a?.objectInfo).toBe(b?.objectInfo);
    expect(a?.models).toBe(b?.models);
    expect(a?.classTypes).toBe(b?.classTypes);
    await first.scope.close();
    comfyui.failure = 'CONNECTION_REFUSED';
    const second = await openRegistry();
    const [c, d] = second.registry.knownInventories();
    expect(c?.objectInfo).toBe(d?.objectInfo);
    expect(c?.models).toBe(d?.models);
  });

  it('leaves the memory that is free now to the health checks', async () => {
    const { registry } = await openRegistry();
    const worker = await addAndWait(registry, spec);
    comfyui.vramFree = 1_000_000_000;
    await clock.advance(5_000);
    expect(worker.snapshot().vramFreeBytes).toBe(1_000_000_000);
  });
});
