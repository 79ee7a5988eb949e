import { SettlingClock, settle } from '@comfleet/test-kit';
import { beforeEach, describe, expect, it } from 'vitest';
import { FakeComfyui } from '../../../test/fakes/fake-comfyui.ts';
import { openMemoryDatabase } from '../../../test/kit/memory-database.ts';
import { startFakeRegistry } from '../../../test/kit/start-fake-registry.ts';
import type { Tables } from '../../app/tables.ts';
import type { Database } from '../../platform/database/database.ts';
import { createLatch } from '../../platform/lifecycle/latch.ts';
import type { Scope } from '../../platform/lifecycle/scope.ts';
import { removeIdle } from './joining/departures.ts';
import type { WorkerRegistry } from './registry.ts';

const spec = { name: 'gpu-1', url: 'http://127.0.0.1:8188', source: 'config' as const };

let clock: SettlingClock;
let database: Database<Tables>;
let comfyui: FakeComfyui;
let changes: string[];

beforeEach(async () => {
  clock = new SettlingClock();
  database = await openMemoryDatabase(clock);
  comfyui = new FakeComfyui();
  changes = [];
});

async function openRegistry(
  options = {},
  mayContact = Promise.resolve(),
): Promise<{ registry: WorkerRegistry; scope: Scope }> {
  const { registry, scope } = await startFakeRegistry({ clock, database, comfyui }, options, mayContact);
  registry.onChange(({ type }) => {
    if (type !== 'worker.changed') changes.push(type);
  });
  return { registry, scope };
}

function whenChanged(registry: WorkerRegistry, type: string): Promise<void> {
  return new Promise((resolve) => {
    const end = registry.onChange((change) => {
      if (change.type !== type) return;
      end();
      resolve();
    });
  });
}

describe('WorkerRegistry', () => {
  it('ND12 brings one configured worker online with what it can run', async () => {
    const { registry } = await openRegistry();
    const changed = whenChanged(registry, 'worker.inventory');
    const worker = await registry.add(spec);
    await changed;
    expect(worker.snapshot()).toMatchObject({
      state: 'online',
      reason: null,
      maxConcurrent: 2,
      simulated: false,
      maxUploadBytes: 104857600,
    });
    expect(worker.snapshot().inventory?.models.get('checkpoints')).toEqual(
      new Set(['sub/a.safetensors', 'b.safetensors']),
    );
    expect(changes).toEqual(['worker.added', 'worker.online', 'worker.inventory']);
  });

  it('contacts no worker before it may, and then each that joined', async () => {
    const latch = createLatch();
    const { registry } = await openRegistry({}, latch.opened);
    const worker = await registry.add(spec);
    await clock.advance(60_000);
    expect(worker.snapshot()).toMatchObject({ health: 'unknown', socketState: 'closed' });
    const changed = whenChanged(registry, 'worker.inventory');
    latch.open();
    await changed;
    expect(worker.snapshot().state).toBe('online');
  });

  it('a fleet that is closed before it may contact a worker leaves none behind', async () => {
    const latch = createLatch();
    const { registry, scope } = await openRegistry({}, latch.opened);
    const worker = await registry.add(spec);
    await scope.close();
    latch.open();
    await settle();
    expect(worker.snapshot()).toMatchObject({ health: 'unknown', socketState: 'closed' });
  });

  it('gives the same name and address the same id after a restart, and keeps its inventory while it is down', async () => {
    const first = await openRegistry();
    const changed = whenChanged(first.registry, 'worker.inventory');
    const { id } = await first.registry.add(spec);
    await changed;
    await first.scope.close();

    comfyui.failure = 'CONNECTION_REFUSED';
    const second = await openRegistry();
    const again = await second.registry.add(spec);
    await settle();
    expect(again.id).toBe(id);
    expect(again.snapshot().state).toBe('offline');
    expect(second.registry.knownInventories()[0]?.classTypes).toEqual(
      new Set(['CheckpointLoaderSimple', 'SaveImage']),
    );
  });

  it('HR13 finds a worker that was down for a day', async () => {
    comfyui.failure = 'CONNECTION_REFUSED';
    const { registry } = await openRegistry({ intervalMs: 60_000 });
    const worker = await registry.add(spec);
    await clock.advance(86_400_000);
    expect(worker.snapshot().state).toBe('offline');
    comfyui.failure = null;
    await clock.advance(70_000);
    expect(worker.snapshot().state).toBe('online');
  });

  it('takes a silent worker out after three failures and brings it back after two successes', async () => {
    const { registry } = await openRegistry();
    const worker = await registry.add(spec);
    await settle();
    comfyui.failure = 'TIMEOUT';
    await clock.advance(5_000);
    expect(worker.snapshot().state).toBe('online');
    await clock.advance(2_000);
    expect(worker.snapshot()).toMatchObject({
      state: 'offline',
      reason: { code: 'check.timeout', params: { ms: 2000 } },
    });
    comfyui.failure = null;
    await clock.advance(6_000);
    expect(worker.snapshot().state).toBe('online');
  });

  it('checks at once when a submission failed', async () => {
    const { registry } = await openRegistry();
    const worker = await registry.add(spec);
    await settle();
    const before = comfyui.timeouts.length;
    worker.markSuspect();
    await settle();
    expect(comfyui.timeouts.length).toBe(before + 1);
  });

  it('HR1 waits longer for a worker that has prompts', async () => {
    const { registry } = await openRegistry();
    await registry.add(spec);
    await settle();
    const socket = comfyui.sockets[0];
    socket?.handlers?.onOpen();
    socket?.handlers?.onText('{"type":"status","data":{"status":{"exec_info":{"queue_remaining":1}}}}');
    await clock.advance(5_500);
    expect(comfyui.timeouts.at(-1)).toBe(10_000);
  });

  it('refuses a version without targeted interrupt unless a setting allows it', async () => {
    comfyui.version = '0.3.40';
    const strict = await openRegistry();
    const worker = await strict.registry.add(spec);
    await settle();
    expect(worker.snapshot()).toMatchObject({
      state: 'error',
      reason: { code: 'check.too_old', params: { version: '0.3.40', floor: '0.3.57' } },
    });
    await strict.scope.close();
    const lenient = await openRegistry({ allowOldVersions: true });
    const allowed = await lenient.registry.add(spec);
    await settle();
    expect(allowed.snapshot().state).toBe('online');
  });

  it('HR2 shows a stranger on the port as an error', async () => {
    comfyui.answers.set('/system_stats', { hello: 'world' });
    const { registry } = await openRegistry();
    const worker = await registry.add(spec);
    await settle();
    expect(worker.snapshot()).toMatchObject({
      state: 'error',
      reason: { code: 'check.invalid_body' },
    });
  });

  it('asks what the worker can run again after its socket came back', async () => {
    const { registry } = await openRegistry();
    const first = whenChanged(registry, 'worker.inventory');
    const worker = await registry.add(spec);
    await first;
    comfyui.sockets[0]?.handlers?.onOpen();
    await clock.advance(15_000);
    const afterReturn = whenChanged(registry, 'worker.inventory');
    comfyui.answers.set('/models/checkpoints', ['new.safetensors']);
    comfyui.sockets[0]?.handlers?.onClose({ code: 1006, reason: '', clean: false });
    await clock.advance(1_000);
    comfyui.sockets[1]?.handlers?.onOpen();
    await clock.advance(12_000);
    await afterReturn;
    expect(worker.snapshot().inventory?.models.get('checkpoints')).toEqual(new Set(['new.safetensors']));
  });

  it('does not take another ComfyUI on the port of an instance for it', async () => {
    const { registry } = await openRegistry();
    const worker = await registry.add({ ...spec, source: 'instance', marker: '/data/instances/one' });
    await settle();
    expect(worker.snapshot()).toMatchObject({
      state: 'error',
      reason: { code: 'check.other_process' },
    });
  });

  it('keeps maintenance across a restart', async () => {
    const first = await openRegistry();
    const { id } = await first.registry.add(spec);
    await first.registry.override(id, { maintenance: true });
    await first.scope.close();
    const second = await openRegistry();
    const worker = await second.registry.add(spec);
    await settle();
    expect(worker.snapshot().state).toBe('maintenance');
  });

  it('brings back workers added through the API by itself, and not those that were removed', async () => {
    const first = await openRegistry();
    await first.registry.add({ ...spec, name: 'kept', source: 'api' });
    const removed = await first.registry.add({ ...spec, name: 'removed', url: 'http://h:2', source: 'api' });
    await first.registry.remove(removed.id);
    await first.scope.close();
    const second = await openRegistry();
    expect(second.registry.list().map((worker) => worker.name)).toEqual(['kept']);
  });

  it('refuses a second worker with a name that is in use by another source, or by one of the API', async () => {
    const { registry } = await openRegistry();
    await registry.add(spec);
    await registry.add({ name: 'of-api', url: 'http://h:3', source: 'api' });
    const elsewhere = { url: 'http://h:2' };
    await expect(registry.add({ ...spec, ...elsewhere, source: 'api' })).rejects.toMatchObject({
      code: 'CONFLICT',
    });
    await expect(registry.add({ name: 'of-api', ...elsewhere, source: 'api' })).rejects.toMatchObject({
      code: 'CONFLICT',
      details: { in_use_by: 'http://h:3' },
    });
  });

  it('ND18 gives the name to the new address when the file moves a worker, and lets the old one finish', async () => {
    const { registry } = await openRegistry();
    const before = await registry.add(spec);
    await settle();
    const after = await registry.add({ ...spec, url: 'http://h:2' });
    await settle();
    expect(registry.findByName(spec.name)?.id).toBe(after.id);
    expect(before.snapshot()).toMatchObject({ state: 'draining', leaving: true });
    expect(registry.listDeparting()).toEqual([before.id]);
  });

  it('ND7 shows a drained worker as draining, as offline when it stops answering, and keeps that across a restart', async () => {
    const first = await openRegistry();
    const worker = await first.registry.add(spec);
    await settle();
    await first.registry.override(worker.id, { draining: true });
    expect(worker.snapshot()).toMatchObject({
      state: 'draining',
      reason: { code: 'worker.drained' },
      health: 'online',
    });
    comfyui.failure = 'TIMEOUT';
    await clock.advance(10_000);
    expect(worker.snapshot()).toMatchObject({ state: 'offline', draining: true });
    await first.scope.close();
    comfyui.failure = null;
    const second = await openRegistry();
    const again = await second.registry.add(spec);
    await settle();
    expect(again.snapshot().state).toBe('draining');
    await second.registry.override(again.id, { draining: false });
    expect(again.snapshot().state).toBe('online');
  });

  it('ND7 does not mark a worker in maintenance offline, but reports that it does not respond', async () => {
    const { registry } = await openRegistry();
    const worker = await registry.add(spec);
    await settle();
    await registry.override(worker.id, { maintenance: true });
    comfyui.failure = 'TIMEOUT';
    await clock.advance(10_000);
    expect(worker.snapshot()).toMatchObject({ state: 'maintenance', health: 'offline' });
  });

  it('places nothing on a disabled worker, whatever the file says, until it is enabled', async () => {
    const { registry } = await openRegistry();
    const worker = await registry.add({ ...spec, enabled: false });
    await settle();
    expect(worker.snapshot()).toMatchObject({
      state: 'maintenance',
      reason: { code: 'worker.disabled' },
      enabled: false,
    });
    await registry.override(worker.id, { enabled: true });
    await registry.add({ ...spec, enabled: false });
    expect(worker.snapshot()).toMatchObject({ state: 'online', enabled: true });
  });

  it('keeps what an admin changed when its source reports again', async () => {
    const first = await openRegistry();
    const discovered = {
      ...spec,
      source: 'discovered' as const,
      discoveredBy: 'announcement',
      labels: ['a'],
    };
    const { id } = await first.registry.add(discovered);
    await first.registry.change(id, { labels: ['night'], maxConcurrent: 5 });
    await first.scope.close();
    const second = await openRegistry();
    const worker = await second.registry.add({ ...discovered, weight: 3 });
    expect(worker.snapshot()).toMatchObject({ labels: ['night'], maxConcurrent: 5, weight: 3 });
  });

  it('refuses a change that does not fit, and keeps what was', async () => {
    const { registry } = await openRegistry();
    const worker = await registry.add({ ...spec, source: 'api' });
    await expect(registry.change(worker.id, { priority: 11 })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      details: { field: 'priority' },
    });
    expect(worker.snapshot().priority).toBe(5);
  });

  it('ND6 removes a leaving worker when nothing is on it, not before', async () => {
    const { registry } = await openRegistry();
    const worker = await registry.add(spec);
    let load = 1;
    const look = () =>
      removeIdle({ registry, loads: async () => new Map(registry.list().map(({ id }) => [id, load])) });
    await registry.depart(worker.id, { reason: { code: 'worker.left', params: {} } });
    await look();
    expect(worker.snapshot()).toMatchObject({ leaving: true });
    load = 0;
    await look();
    expect(registry.list()).toEqual([]);
    expect(changes).toContain('worker.removed');
  });

  it('keeps a leaving worker for its grace, and for good when it is added again', async () => {
    const { registry } = await openRegistry();
    const worker = await registry.add(spec);
    await settle();
    await registry.depart(worker.id, {
      reason: { code: 'worker.no_dns_record', params: { name: 'dns' } },
      graceMs: 60_000,
    });
    expect([registry.listDeparting(), worker.snapshot().state]).toEqual([[], 'draining']);
    await clock.advance(60_000);
    expect(registry.listDeparting()).toEqual([worker.id]);
    await registry.add(spec);
    expect([registry.listDeparting(), worker.snapshot().state]).toEqual([[], 'online']);
  });

  it('finishes after a restart what a worker that left the file still had', async () => {
    const first = await openRegistry();
    const { id } = await first.registry.add(spec);
    await first.registry.depart(id, { reason: { code: 'worker.not_configured', params: {} } });
    await first.scope.close();
    const second = await openRegistry();
    expect(second.registry.list()).toMatchObject([{ id, source: 'config', leaving: true }]);
    expect(second.registry.listDeparting()).toEqual([id]);
  });

  it.each(['instance' as const, 'simulated' as const])(
    'recognises a worker of source %s by its name when its port changed',
    async (source) => {
      const { registry } = await openRegistry();
      const before = await registry.add({ ...spec, source });
      const after = await registry.add({ ...spec, url: 'http://127.0.0.1:8201', source });
      expect(after.id).toBe(before.id);
      expect(registry.list().map((worker) => worker.url)).toEqual(['http://127.0.0.1:8201']);
    },
  );

  it('takes a worker out at once when its process was seen to end', async () => {
    const { registry } = await openRegistry();
    const worker = await registry.add({ ...spec, source: 'instance' });
    await settle();
    registry.reportGone(worker.id, 'ended by SIGKILL');
    expect(worker.snapshot()).toMatchObject({ state: 'offline', reason: { code: 'check.gone' } });
  });

  it('stops every check and closes every socket when its scope closes', async () => {
    const { registry, scope } = await openRegistry();
    const worker = await registry.add(spec);
    await settle();
    comfyui.sockets[0]?.handlers?.onOpen();
    await scope.close();
    expect(worker.snapshot().socketState).toBe('closed');
    const requestCount = comfyui.requests.length;
    await clock.advance(60_000);
    expect(comfyui.requests.length).toBe(requestCount);
    expect(clock.pending).toBe(0);
  });
});
