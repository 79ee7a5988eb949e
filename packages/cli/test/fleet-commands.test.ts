import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import type { Balancing, EstimateError, FleetModel, FleetStats, Worker } from '@comfleet/contract';
import { Comfleet } from '@comfleet/sdk';
import { openSimulator, type Simulator } from '@comfleet/simulator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openFleet, startComfleet } from './comfleet-process.ts';
import { parse } from './use-fleet.ts';

const TOKEN = 'f3b1c9d27a5e48b6900d1e2f3a4b5c6d';

let fleet: Awaited<ReturnType<typeof openFleet>>;
let gpu: Simulator;
let udpPort: number;
beforeAll(async () => {
  udpPort = await findUdpPort();
  fleet = await openFleet({
    COMFLEET__NODES__DISCOVERY_MODE: 'hybrid',
    COMFLEET__NODES__JOIN_TOKEN: TOKEN,
    COMFLEET__NODES__UDP_PORT: String(udpPort),
  });
  gpu = await openSimulator();
});
afterAll(async () => {
  await fleet.close();
  await gpu.close();
});

async function findUdpPort(): Promise<number> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  await once(socket.close(), 'close');
  return port;
}

const run = async <T>(...args: string[]): Promise<T> => parse<T>((await fleet.run(...args, '--json')).out);

describe('comfleet workers', () => {
  it('ND5 adds a worker that answers, changes it and removes it', async () => {
    const added = await run<Worker>(
      'workers',
      'add',
      gpu.url,
      '--name',
      'gpu',
      '--label',
      'a',
      '--label',
      'b',
    );
    expect(added).toMatchObject({ name: 'gpu', source: 'api', labels: ['a', 'b'], group: 'primary' });
    const flags = ['--group', 'backup', '--weight', '2.5', '--priority', '9', '--max-concurrent', '4'];
    const changed = await run<Worker>(
      'workers',
      'set',
      'gpu',
      ...flags,
      '--metadata',
      'place=rack 2',
      '--label',
      '',
    );
    expect(changed).toMatchObject({
      group: 'backup',
      weight: 2.5,
      priority: 9,
      max_concurrent: 4,
      labels: [],
      metadata: { place: 'rack 2' },
    });
    const removed = await fleet.run('workers', 'remove', 'gpu', '--lang', 'zh');
    expect([removed.status, removed.out]).toEqual([0, ['gpu 已移出集群。']]);
    expect((await fleet.run('workers', 'show', 'gpu')).status).toBe(5);
  });

  it('ND7 drains, resumes, maintains, disables and refreshes a worker by its name', async () => {
    const name = 'simulated-1';
    expect(await run<Worker>('workers', 'drain', name)).toMatchObject({ state: 'draining', draining: true });
    expect(await run<Worker>('workers', 'maintenance', name)).toMatchObject({ state: 'maintenance' });
    expect(await run<Worker>('workers', 'resume', name)).toMatchObject({ state: 'online', draining: false });
    expect(await run<Worker>('workers', 'disable', name)).toMatchObject({
      state: 'maintenance',
      enabled: false,
    });
    expect(await run<Worker>('workers', 'enable', name)).toMatchObject({ state: 'online', enabled: true });
    expect(await run<Worker>('workers', 'refresh', name)).toMatchObject({ comfyui_version: '0.3.64' });
  });

  it('says who owns a worker that cannot be changed here, and what a flag must be', async () => {
    const owned = await fleet.run('workers', 'set', 'simulated-1', '--label', 'x');
    expect([owned.status, owned.err.join('\n')]).toEqual([
      1,
      expect.stringContaining('belongs to this start of the server'),
    ]);
    expect((await fleet.run('workers', 'set', 'simulated-1')).status).toBe(2);
    expect((await fleet.run('workers', 'add', gpu.url, '--weight', '0')).status).toBe(2);
    expect((await fleet.run('workers', 'add', gpu.url, '--metadata', 'rack')).status).toBe(2);
  });

  it('ND4 announces a worker with the token of the environment until it is ended', async () => {
    const args = [
      'workers',
      'announce',
      gpu.url,
      '--server',
      fleet.credential.url,
      '--name',
      'agent',
      '--json',
    ];
    const announcer = startComfleet(args, { cwd: fleet.cwd, env: { COMFLEET_JOIN_TOKEN: TOKEN } });
    await announcer.lineOf(/again_seconds/);
    expect(await run<Worker>('workers', 'show', 'agent')).toMatchObject({ discovered_by: 'announcement' });
    expect(await announcer.stop()).toBe(0);
    expect(await run<Worker>('workers', 'show', 'agent')).toMatchObject({ source: 'discovered' });
  });

  it('ND4 announces a worker by a signed datagram', async () => {
    const other = await openSimulator();
    const args = ['workers', 'announce', other.url, '--udp', `127.0.0.1:${udpPort}`, '--name', 'by-udp'];
    const announcer = startComfleet(args, { cwd: fleet.cwd, env: { COMFLEET_JOIN_TOKEN: TOKEN } });
    await announcer.lineOf(/^Announced by UDP/);
    const live = new Comfleet(fleet.credential);
    await expect
      .poll(async () => (await live.workers.list()).map((worker) => worker.name), { timeout: 20_000 })
      .toContain('by-udp');
    expect(await announcer.stop()).toBe(0);
    await other.close();
  });

  it('AU8 ends with 4 for a wrong join token, and with 2 without one', async () => {
    const args = ['workers', 'announce', gpu.url, '--server', fleet.credential.url];
    const wrong = startComfleet(args, { cwd: fleet.cwd, env: { COMFLEET_JOIN_TOKEN: 'wrong' } });
    expect(await wrong.waitForExit()).toBe(4);
    expect((await fleet.run(...args)).status).toBe(2);
  });
});

describe('comfleet models', () => {
  it('TD13 shows which worker has which file, of what kind', async () => {
    const { out } = await fleet.run('models', '--kind', 'sd1');

    expect(out).toEqual([
      expect.stringMatching(/^FOLDER +NAME +KIND +SIZE +WORKERS/),
      expect.stringMatching(
        /^checkpoints +v1-5-pruned-emaonly-fp16\.safetensors +sd1 +4\.00 GiB +simulated-1, simulated-2/,
      ),
    ]);
  });

  it('TD13 tells what nobody has in one line, and all of a folder as JSON', async () => {
    const { models } = await run<{ models: FleetModel[] }>(
      'models',
      '--folder',
      'checkpoints',
      '--worker',
      'simulated-1',
    );

    expect(models).toContainEqual({
      folder: 'checkpoints',
      name: 'random-a.safetensors',
      kind: null,
      size_bytes: 2147483648,
      inputs: [],
      workers: ['simulated-1'],
      away: [],
    });
    expect((await fleet.run('models', '--kind', 'flux')).out).toEqual(['Nothing to show.']);
  });
});

describe('comfleet fleet and strategy', () => {
  it('ND9 shows the fleet in numbers', async () => {
    const stats = await run<FleetStats>('fleet', 'stats');
    expect(stats).toMatchObject({ load: 0, load_percent: 0 });
    expect(stats.free_slots).toBe(stats.capacity);
  });

  it('LB6 changes the strategy at run time, and returns the choice to the file', async () => {
    expect(await run<Balancing>('strategy', 'set', 'fastest')).toMatchObject({
      strategy: 'fastest',
      source: 'run_time',
    });
    expect((await fleet.run('strategy', 'show')).out[0]).toMatch(/^fastest \(run_time, 20/);
    expect(await run<Balancing>('strategy', 'set', 'file')).toMatchObject({
      strategy: 'least_loaded',
      source: 'file',
    });
    expect((await fleet.run('strategy', 'set', 'telepathy')).status).toBe(2);
  });
});

describe('comfleet workflows estimates', () => {
  it('TQ15 show how far off estimates were', async () => {
    for (const width of ['64', '80'])
      await fleet.run('run', 'solid_color', '--param', `width=${width}`, '--json');
    const shown = await fleet.run('workflows', 'estimates');
    const { estimates } = await run<{ estimates: EstimateError[] }>('workflows', 'estimates');
    const [found] = estimates.filter(({ workflow }) => workflow === 'solid_color');

    expect(shown.out[0]).toMatch(/WORKFLOW +TYPE +RUNS +RUN TIME OFF BY/);
    expect(shown.out.some((line) => /^solid_color +custom +\d+ +\d+ % \(9 of 10: \d+ %\)/.test(line))).toBe(
      true,
    );
    expect(found?.run_time?.samples).toBeGreaterThan(0);
  });
});
