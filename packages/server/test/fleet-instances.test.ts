import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { toFleetSentence } from '@comfleet/contract/texts/fleet';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { InstanceSpec } from '../src/fleet/instances/instances.ts';
import { isPortFree, type PortProbe } from '../src/platform/process/free-port.ts';
import { isAlive } from '../src/platform/process/process-table.ts';
import { openRig, type Rig, whenInstance, whenWorker } from './fakes/instance-rig.ts';

const here = dirname(fileURLToPath(import.meta.url));
const simulator: InstanceSpec = {
  name: 'own',
  folder: join(here, '../../simulator/dist'),
  interpreter: process.execPath,
  entry: 'main.js',
};
const stubborn = (...extraArgs: string[]): InstanceSpec => ({
  name: 'stubborn',
  folder: join(here, 'fakes'),
  interpreter: process.execPath,
  entry: 'stubborn-comfyui.mjs',
  extraArgs,
});

let rig: Rig;
beforeEach(async () => {
  rig = await openRig();
});
afterEach(() => rig.close());

function pidOf(snapshot: { pid: number | null }): number {
  if (snapshot.pid === null) throw new Error('the instance has no process');
  return snapshot.pid;
}

describe('a supervised ComfyUI', () => {
  it('PS11 PS13 is started with our arguments, waited for, and serves as a worker', async () => {
    const { instances, registry } = await rig.open();
    const { id } = await instances.start({ ...simulator, extraArgs: ['--cpu'] });
    const ready = await instances.whenReady(id);
    await whenWorker(registry, 'own', 'online');
    const line = (await rig.table.inspect(pidOf(ready)))?.commandLine;
    expect(line?.slice(1)).toEqual([
      'main.js',
      '--database-url',
      `sqlite:///${join(rig.folder, 'instances', id, 'comfyui.db')}`,
      '--cpu',
      '--temp-directory',
      join(rig.folder, 'instances', id),
      '--listen',
      '127.0.0.1',
      '--port',
      String(ready.port),
      '--disable-auto-launch',
    ]);
    expect(registry.findByName('own')?.snapshot()).toMatchObject({ source: 'instance', url: ready.url });
    expect(await instances.logTail(id, 100)).toContain('Starting server');
  });

  it('H5 PS17 is ended by a stop that waits for the exit, with everything it started', async () => {
    const { instances, registry } = await rig.open();
    const { id } = await instances.start(stubborn('--grandchild'));
    const { pid } = await instances.whenReady(id);
    const tail = (await instances.logTail(id, 5)).join('\n');
    const grandchild = await rig.table.inspect(Number(/grandchild (\d+)/.exec(tail)?.[1]));
    if (grandchild === null) throw new Error('the grandchild should run');
    await instances.stop(id);
    expect(await rig.table.inspect(pid ?? 0)).toBeNull();
    expect(await isAlive(rig.table, grandchild)).toBe(false);
    expect(registry.list()).toEqual([]);
    expect(instances.list()[0]).toMatchObject({ state: 'stopped', pid: null, reason: 'stopped by request' });
  });

  it('H4 PS17 is killed when it ignores SIGINT and SIGTERM', async () => {
    const { instances } = await rig.open({ stopGraceMs: 100, terminateGraceMs: 100 });
    const { id } = await instances.start(stubborn('--ignore-signals'));
    const { pid } = await instances.whenReady(id);
    await instances.stop(id);
    expect(await rig.table.inspect(pid ?? 0)).toBeNull();
  });

  it('HR10 is started again after a kill -9, and its worker returns under the same id', async () => {
    const { instances, registry } = await rig.open();
    const { id } = await instances.start(simulator);
    const first = await instances.whenReady(id);
    await whenWorker(registry, 'own', 'online');
    const again = whenInstance(instances, ({ state, pid }) => state === 'ready' && pid !== first.pid);
    const offline = whenWorker(registry, 'own', 'offline');
    process.kill(pidOf(first), 'SIGKILL');
    await offline;
    const second = await again;
    await whenWorker(registry, 'own', 'online');
    expect(second).toMatchObject({ workerId: first.workerId, restarts: 1, adopted: false });
  });

  it('HR7 is restarted when it hangs, as a crash that its restart policy counts', async () => {
    const fleet = { intervalMs: 200, recheckMs: 50, idleTimeoutMs: 200, selfRecoveryMs: 300 };
    const { instances, registry } = await rig.open(
      { settleMs: 0, stopGraceMs: 100, terminateGraceMs: 100 },
      fleet,
    );
    const { id } = await instances.start(simulator);
    const first = await instances.whenReady(id);
    await whenWorker(registry, 'own', 'online');
    const waiting = whenInstance(instances, ({ state }) => state === 'waiting');
    const again = whenInstance(instances, ({ state, pid }) => state === 'ready' && pid !== first.pid);
    process.kill(pidOf(first), 'SIGSTOP');
    expect((await waiting).reason).toBe('was ended: no answer within 200 ms');
    expect(await again).toMatchObject({ workerId: first.workerId, restarts: 1 });
    await whenWorker(registry, 'own', 'online');
    expect(registry.findByName('own')?.snapshot().recovery).toBeNull();
  });

  it('is not ended for hanging right after it became ready', async () => {
    const { instances, registry } = await rig.open();
    const { id } = await instances.start(simulator);
    const { workerId, pid } = await instances.whenReady(id);
    const reasons: string[] = [];
    registry.onChange(
      ({ type, cause }) => type === 'worker.restart_requested' && reasons.push(toFleetSentence(cause)),
    );
    if (workerId === null) throw new Error('a ready process is a worker');
    expect(registry.requestRestart(workerId, 'runs nothing')).toBe(true);
    expect(reasons).toEqual(['runs nothing: it was started just now']);
    expect(instances.list()[0]).toMatchObject({ state: 'ready', pid });
  });

  it('PS14 says exit code and last lines when it ends while starting', async () => {
    const { instances } = await rig.open();
    const { id } = await instances.start(stubborn('--exit-with', '3'));
    const failure = await instances.whenReady(id).catch((thrown: unknown) => thrown);
    expect(failure).toMatchObject({
      code: 'INSTANCE_START_FAILED',
      details: {
        instance: 'stubborn',
        reason: 'ended with exit code 3',
        log: Array.from({ length: 15 }, (_, index) => `line ${index + 6}`),
      },
    });
  });

  it('H1 is not started a sixth time within five minutes, and says so', async () => {
    const { instances } = await rig.open();
    const looping = whenInstance(instances, ({ state }) => state === 'crash_looping');
    await instances.start(stubborn('--exit-with', '3'));
    expect(await looping).toMatchObject({ restarts: 4, reason: 'ended with exit code 3' });
  });

  it('H2 PS14 is ended when it never answers', async () => {
    const { instances } = await rig.open({ startupTimeoutMs: 1_200, stopGraceMs: 200 });
    const { id } = await instances.start(stubborn('--deaf'));
    const failure = await instances.whenReady(id).catch((thrown: unknown) => thrown);
    expect(failure).toMatchObject({
      details: {
        reason: 'did not answer within 1.2 s and was ended',
        log: expect.arrayContaining([expect.stringContaining('stubborn')]),
      },
    });
    expect(await rig.table.findMarked('COMFLEET_INSTANCE', id)).toEqual([]);
  });

  it('H14 is started again at once when its Manager asked for a reboot', async () => {
    const { instances } = await rig.open();
    const { id } = await instances.start(stubborn('--reboot-once'));
    const first = await instances.whenReady(id);
    const second = await whenInstance(instances, ({ state, pid }) => state === 'ready' && pid !== first.pid);
    expect(second.restarts).toBe(0);
  });

  it('H6 PS22 goes on while we are away and is adopted afterwards', async () => {
    const before = await rig.open({ onShutdown: 'leave' });
    const { id } = await before.instances.start(simulator);
    const { pid, workerId } = await before.instances.whenReady(id);
    await before.close();
    const after = await rig.open();
    await after.instances.start(simulator);
    expect(await after.instances.whenReady(id)).toMatchObject({ pid, workerId, adopted: true });
    await after.instances.stop(id);
    expect(await rig.table.inspect(pid ?? 0)).toBeNull();
  });

  it('is ended when the next run no longer wants it', async () => {
    const before = await rig.open({ onShutdown: 'leave' });
    const { id } = await before.instances.start(simulator);
    const { pid } = await before.instances.whenReady(id);
    await before.close();
    const after = await rig.open();
    expect(await rig.table.inspect(pid ?? 0)).not.toBeNull();
    await after.instances.stopUnclaimed();
    expect(await rig.table.inspect(pid ?? 0)).toBeNull();
  });

  it('H6 is found by its mark when we died before its pid was written', async () => {
    const before = await rig.open({ onShutdown: 'leave' });
    const { id } = await before.instances.start(simulator);
    const { pid } = await before.instances.whenReady(id);
    await before.close();
    const { k } = rig.database;
    await rig.database.commit([{ query: k.updateTable('instance').set({ pid: null, start_ticks: null }) }]);
    const after = await rig.open();
    await after.instances.start(simulator);
    expect(await after.instances.whenReady(id)).toMatchObject({ pid, adopted: true });
  });

  it('is replaced when it runs with other arguments than it should now', async () => {
    const before = await rig.open({ onShutdown: 'leave' });
    const { id } = await before.instances.start(simulator);
    const first = await before.instances.whenReady(id);
    await before.close();
    const after = await rig.open();
    await after.instances.start({ ...simulator, extraArgs: ['--cpu'] });
    const second = await after.instances.whenReady(id);
    expect(second.adopted).toBe(false);
    expect(await rig.table.inspect(pidOf(first))).toBeNull();
  });

  it('PS18 PS21 leaves another process with the stored pid alone', async () => {
    const before = await rig.open();
    const { id } = await before.instances.start(simulator);
    await before.instances.whenReady(id);
    await before.close();
    const stranger = spawn('sleep', ['3600']);
    await once(stranger, 'spawn');
    const bootId = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
    const stored = { pid: stranger.pid ?? 0, start_ticks: '1', boot_id: bootId };
    await rig.database.commit([{ query: rig.database.k.updateTable('instance').set(stored) }]);
    const after = await rig.open();
    await after.instances.start(simulator);
    const { pid } = await after.instances.whenReady(id);
    await after.instances.stop(id);
    expect(pid).not.toBe(stranger.pid);
    expect(stranger.exitCode ?? stranger.signalCode).toBeNull();
    expect(await rig.table.inspect(stranger.pid ?? 0)).not.toBeNull();
    stranger.kill('SIGKILL');
    await once(stranger, 'exit');
  });

  it('P15 ends with us within the grace, leaving no process', async () => {
    const run = await rig.open();
    const { id } = await run.instances.start(simulator);
    const { pid } = await run.instances.whenReady(id);
    await run.close();
    expect(await rig.table.inspect(pid ?? 0)).toBeNull();
  });

  it('PS15 is recorded as alive at each beat', async () => {
    const { instances, registry } = await rig.open();
    const { id } = await instances.start(simulator);
    await instances.whenReady(id);
    await whenWorker(registry, 'own', 'online');
    const { k } = rig.database;
    const load = async () =>
      (await rig.database.read(k.selectFrom('instance').select('heartbeat_at')))[0]?.heartbeat_at;
    await rig.database.commit([{ query: k.updateTable('instance').set({ heartbeat_at: 1 }) }]);
    await instances.beat();

    expect(await load()).toBeGreaterThan(1);
  });

  it('H3 PS7 takes the next port when the first is taken', async () => {
    const run = await rig.open();
    const decoy = createServer().listen(rig.firstPort, '127.0.0.1');
    await once(decoy, 'listening');
    const { id } = await run.instances.start(simulator);
    expect(await run.instances.whenReady(id)).toMatchObject({ port: rig.firstPort + 1 });
    decoy.close();
  });

  it('H3 comes up on the next port when another program takes its own while it starts', async () => {
    const decoy = createServer();
    const takeOnceLeased: PortProbe = async (host, port) => {
      const isFree = await isPortFree(host, port);
      if (isFree && port === rig.firstPort) await once(decoy.listen(port, host), 'listening');
      return isFree;
    };
    const { instances } = await rig.open({}, {}, takeOnceLeased);
    const { id } = await instances.start(simulator);

    expect(await instances.whenReady(id)).toMatchObject({ port: rig.firstPort + 1, restarts: 0 });
    decoy.close();
  });

  it('H10 is one process however often it is started at once', async () => {
    const { instances } = await rig.open();
    const all = await Promise.all(Array.from({ length: 20 }, () => instances.start(simulator)));
    await instances.whenReady(all[0]?.id ?? '');
    expect(new Set(all.map(({ id }) => id)).size).toBe(1);
    const marked = await rig.table.findMarked('COMFLEET_INSTANCE', all[0]?.id ?? '');
    expect(marked).toHaveLength(1);
  });
});
