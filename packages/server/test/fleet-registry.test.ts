import { openSimulator, type Simulator } from '@comfleet/simulator';
import { afterEach, describe, expect, it } from 'vitest';
import { FlowRig, pictureGraph, sleepGraph } from './kit/flow-rig.ts';

const TOKEN = 'f3b1c9d27a5e48b6900d1e2f3a4b5c6d';

let rig: FlowRig;
const extra: Simulator[] = [];
afterEach(async () => {
  await rig.close();
  for (const simulator of extra.splice(0)) await simulator.close();
});

async function openExtra(): Promise<Simulator> {
  const simulator = await openSimulator({ stepMs: 5 });
  extra.push(simulator);
  return simulator;
}

const idOf = (name: string) => rig.app.fleet.findByName(name)?.id ?? '';
const stateOf = (name: string) => rig.app.fleet.findByName(name)?.snapshot().state;
const isKnown = (name: string) => {
  const snapshot = rig.app.fleet.findByName(name)?.snapshot();
  return snapshot?.state === 'online' && snapshot.inventory !== null;
};
const workerPath = (name: string) => `/api/fleet/workers/${idOf(name)}`;
const toWorkers = (simulators: readonly Simulator[], fields: object = {}) => ({
  workers: simulators.map(({ url }, index) => ({ name: `gpu-${index + 1}`, url, ...fields })),
});

async function whenStartedAgain(id: string): Promise<void> {
  const watch = rig.watch(id, 0);
  await watch.wait(
    (frame) =>
      frame.kind === 'event' && frame.event.type === 'attempt.started' && frame.event.attempt_number === 2,
  );
  watch.stop();
}

describe('workers by the API', () => {
  it('ND5 registers a worker that answers, and it takes tasks; its settings and removal survive restarts', async () => {
    rig = await FlowRig.open({ simulators: [] });
    const { url } = await openExtra();
    const body = { name: 'added', url, labels: ['fast'], group: 'backup', weight: 2, priority: 9 };
    const made = await rig.ask('POST', '/api/fleet/workers', { body });
    expect([made.status, made.json]).toMatchObject([201, { ...body, source: 'api', max_concurrent: 2 }]);
    await rig.whenFleet(() => isKnown('added'));
    const task = await rig.run(pictureGraph());
    expect(task).toMatchObject({ status: 'succeeded', worker_name: 'added' });

    const changed = await rig.ask('PATCH', workerPath('added'), { body: { max_concurrent: 5, labels: [] } });
    expect(changed.json).toMatchObject({ max_concurrent: 5, labels: [], weight: 2 });
    await rig.stop();
    await rig.start();
    expect(rig.app.fleet.list()).toMatchObject([{ name: 'added', maxConcurrent: 5, labels: [], weight: 2 }]);
    expect((await rig.ask('DELETE', workerPath('added'))).json).toMatchObject({ removed: true });
    await rig.stop();
    await rig.start();
    expect(rig.app.fleet.list()).toEqual([]);

    // Tasks that ran there still name it.
    const detail = await rig.ask('GET', `/api/v2/tasks/${task.task_id}`);
    expect(detail.json).toMatchObject({ worker_name: 'added', attempts: [{ worker_name: 'added' }] });
    const { json } = await rig.ask('GET', `/api/fleet/tasks/${task.task_id}/events`);
    const { events } = json as { events: { type: string; worker_name: string | null }[] };
    expect(events.find(({ type }) => type === 'attempt.claimed')).toMatchObject({ worker_name: 'added' });
  });

  it('ND5 refuses a worker that does not answer, and a name or address that is taken', async () => {
    rig = await FlowRig.open();
    const { url } = rig.simulator;
    const free = await openExtra();
    await free.close();
    const register = async (body: object) => {
      const { status, json } = await rig.ask('POST', '/api/fleet/workers', { body });
      return [status, json.error?.code, json.error?.details];
    };
    expect(await register({ name: 'down', url: free.url })).toMatchObject([502, 'WORKER_UNREACHABLE', {}]);
    expect(await register({ name: 'gpu-1', url: free.url })).toMatchObject([
      409,
      'CONFLICT',
      { field: 'name' },
    ]);
    expect(await register({ name: 'twin', url })).toMatchObject([409, 'CONFLICT', { field: 'url' }]);
    expect(await register({ url, weight: -1 })).toMatchObject([400, 'INVALID_REQUEST', {}]);
    expect(rig.app.fleet.list()).toHaveLength(1);
  });

  it('ND6 a worker removed while busy finishes its task, takes no other, and is gone then', async () => {
    rig = await FlowRig.open({ simulators: [] });
    const { url } = await openExtra();
    await rig.ask('POST', '/api/fleet/workers', { body: { name: 'old', url } });
    await rig.whenFleet(() => isKnown('old'));
    const running = await rig.submit(sleepGraph(1.5));
    await rig.happened(running, 'attempt.started');
    const answer = await rig.ask('DELETE', workerPath('old'));
    expect([answer.status, answer.json]).toMatchObject([202, { removed: false, waiting_for: 1 }]);
    expect(stateOf('old')).toBe('draining');
    const waiting = await rig.submit(pictureGraph());
    expect(await rig.ended(running)).toMatchObject({ status: 'succeeded', attempt_count: 1 });
    await rig.whenFleet((fleet) => fleet.list().length === 0);
    expect(await rig.load(waiting)).toMatchObject({ status: 'queued', attempt_count: 0 });
  });

  it('ND6 a worker removed with mode=move gives its running task to another at once', async () => {
    rig = await FlowRig.open({ simulators: [{}], file: toWorkers });
    const { url } = await openExtra();
    await rig.ask('POST', `${workerPath('gpu-1')}/maintenance`, { body: { on: true } });
    await rig.ask('POST', '/api/fleet/workers', { body: { name: 'old', url } });
    await rig.whenFleet(() => isKnown('old'));
    const running = await rig.submit(sleepGraph(60));
    await rig.happened(running, 'attempt.started');
    await rig.ask('POST', `${workerPath('gpu-1')}/maintenance`, { body: { on: false } });
    expect((await rig.ask('DELETE', `${workerPath('old')}?mode=move`)).status).toBe(200);
    await whenStartedAgain(running);
    expect(await rig.load(running)).toMatchObject({ status: 'running', worker_name: 'gpu-1' });
    await rig.calls.tasks.cancel(rig.actor, running);
    await rig.ended(running);
  });

  it('a worker of the file can be drained, maintained and disabled, not changed or removed', async () => {
    rig = await FlowRig.open({ simulators: [{}], file: toWorkers });
    const path = workerPath('gpu-1');
    const owned = [409, { error: { code: 'CONFLICT', details: { owned_by: `${rig.folder}/config.yaml` } } }];
    for (const { status, json } of [
      await rig.ask('PATCH', path, { body: { labels: ['x'] } }),
      await rig.ask('DELETE', `${path}?mode=move`),
    ]) {
      expect([status, json]).toMatchObject(owned);
    }
    expect((await rig.ask('POST', `${path}/drain`, { body: { on: true } })).json.state).toBe('draining');
    expect((await rig.ask('POST', `${path}/drain`, { body: { on: false } })).json.state).toBe('online');
    expect((await rig.ask('POST', `${path}/enabled`, { body: { on: false } })).json).toMatchObject({
      state: 'maintenance',
      enabled: false,
    });
    expect((await rig.ask('POST', `${path}/enabled`, { body: { on: true } })).json).toMatchObject({
      state: 'online',
      enabled: true,
    });
    expect(await rig.run(pictureGraph())).toMatchObject({ status: 'succeeded' });
  });

  it('ND7 a worker in maintenance that ends loses its running task to another, though it is not called offline', async () => {
    const nodes = { health_check: { interval: 1 } };
    rig = await FlowRig.open({ simulators: [{}, {}], config: { nodes } });
    const running = await rig.submit(sleepGraph(60));
    await rig.happened(running, 'attempt.started');
    const first = (await rig.load(running)).worker_name ?? '';
    await rig.ask('POST', `${workerPath(first)}/maintenance`, { body: { on: true } });
    await rig.simulators[first === 'gpu-1' ? 0 : 1]?.close();
    await whenStartedAgain(running);
    expect((await rig.load(running)).worker_name).not.toBe(first);
    expect(stateOf(first)).toBe('maintenance');
    await rig.calls.tasks.cancel(rig.actor, running);
    await rig.ended(running);
  });

  it('ND8 a worker shows its load, slots, metadata, version, devices and last sign of life', async () => {
    const metadata = { location: 'rack 4', gpu_model: 'RTX 4090' };
    const fields = { max_concurrent: 4, labels: ['fast'], metadata };
    rig = await FlowRig.open({ file: (simulators) => toWorkers(simulators, fields) });
    await rig.whenFleet(() => isKnown('gpu-1'));
    const running = await rig.submit(sleepGraph(60));
    await rig.happened(running, 'attempt.started');

    const { json } = await rig.ask('GET', workerPath('gpu-1'));

    expect(json).toMatchObject({
      state: 'busy',
      load: 1,
      max_concurrent: 4,
      load_percent: 25,
      capabilities: [],
      labels: ['fast'],
      metadata,
      comfyui_version: '0.3.64',
      devices: [{ type: 'cuda', vram_total: expect.any(Number), vram_free: expect.any(Number) }],
      last_heartbeat: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    });
    await rig.calls.tasks.cancel(rig.actor, running);
    await rig.ended(running);
  });

  it('ND9 ND17 the statistics count a running task, and an inventory is asked on demand', async () => {
    rig = await FlowRig.open({ simulators: [{}, {}] });
    const running = await rig.submit(sleepGraph(60));
    await rig.happened(running, 'attempt.started');
    const { json } = await rig.ask('GET', '/api/fleet/stats');
    expect(json).toMatchObject({
      total: 2,
      online: 2,
      busy: 1,
      capacity: 4,
      load: 1,
      load_percent: 25,
      free_slots: 3,
    });
    await rig.calls.tasks.cancel(rig.actor, running);
    await rig.ended(running);
    const asked = rig.app.fleet.findByName('gpu-1')?.snapshot().inventory?.fetchedAtMs ?? 0;
    const answer = await rig.ask('POST', `${workerPath('gpu-1')}/inventory`);
    expect(answer.status).toBe(200);
    expect(rig.app.fleet.findByName('gpu-1')?.snapshot().inventory?.fetchedAtMs).toBeGreaterThan(asked);
  });

  it('LB6 a strategy changed through the API is in force at once and after a restart', async () => {
    rig = await FlowRig.open({ simulators: [] });
    const changed = await rig.ask('PUT', '/api/fleet/balancing', { body: { strategy: 'round_robin' } });
    expect([changed.status, changed.json]).toMatchObject([
      200,
      { strategy: 'round_robin', source: 'run_time' },
    ]);
    expect(rig.app.settings.find('nodes.load_balancing.strategy').value).toBe('round_robin');
    await rig.stop();
    await rig.start();
    expect((await rig.ask('GET', '/api/fleet/balancing')).json).toMatchObject({
      strategy: 'round_robin',
      source: 'run_time',
      changed_by: rig.actor.id,
    });
    expect((await rig.ask('PUT', '/api/fleet/balancing', { body: { strategy: null } })).json).toMatchObject({
      strategy: 'least_loaded',
      source: 'file',
    });
  });
});

describe('workers that register themselves', () => {
  const hybrid = { nodes: { discovery_mode: 'hybrid', join_token: TOKEN } };

  it('ND4 a worker with the join token joins and takes tasks, beside those of the file', async () => {
    rig = await FlowRig.open({ simulators: [{}], config: hybrid });
    const { url } = await openExtra();
    const body = { name: 'agent-1', url, max_concurrent: 3 };
    const joined = await rig.ask('POST', '/api/fleet/register', { body, token: TOKEN });
    expect([joined.status, joined.json]).toMatchObject([200, { name: 'agent-1', again_seconds: 60 }]);
    await rig.whenFleet(() => isKnown('agent-1'));
    await rig.ask('POST', `${workerPath('gpu-1')}/drain`, { body: { on: true } });
    expect(await rig.run(pictureGraph())).toMatchObject({ status: 'succeeded', worker_name: 'agent-1' });
    const { json } = await rig.ask('GET', workerPath('agent-1'));
    expect(json).toMatchObject({ source: 'discovered', discovered_by: 'announcement', max_concurrent: 3 });
  });

  it('ND4 AU8 without a token in the file a worker joins with one of an admin, until that is revoked', async () => {
    rig = await FlowRig.open({ simulators: [], config: { nodes: { discovery_mode: 'dynamic' } } });
    const { url } = await openExtra();
    const body = { name: 'agent-1', url };
    const made = await rig.ask('POST', '/api/v2/admin/join-tokens', { body: { name: 'rack 1' } });
    const { join_token: token, token_id: id } = made.json;
    const register = () => rig.ask('POST', '/api/fleet/register', { body, token });
    expect((await register()).status).toBe(200);
    expect((await rig.ask('GET', '/api/fleet/workers', { token })).status).toBe(401);
    expect((await rig.ask('DELETE', `/api/v2/admin/join-tokens/${id}`)).status).toBe(204);
    expect((await register()).status).toBe(401);
    expect(rig.app.fleet.list()).toMatchObject([{ name: 'agent-1', state: 'online' }]);
  });

  it('ND4 a registered worker is in the fleet after a restart, before it announces itself again', async () => {
    rig = await FlowRig.open({ simulators: [], config: hybrid });
    const { url } = await openExtra();
    await rig.ask('POST', '/api/fleet/register', { body: { name: 'agent-1', url }, token: TOKEN });
    const id = idOf('agent-1');
    await rig.stop();
    await rig.start();
    expect(rig.app.fleet.list()).toMatchObject([{ id, name: 'agent-1', state: 'online' }]);
  });

  it('AU8 the join token opens nothing else, and an admin bearer does not register', async () => {
    rig = await FlowRig.open({ simulators: [], config: hybrid });
    const { url } = await openExtra();
    const body = { name: 'agent-1', url };
    expect((await rig.ask('GET', '/api/fleet/workers', { token: TOKEN })).status).toBe(401);
    expect((await rig.ask('POST', '/api/fleet/register', { body })).status).toBe(401);
    expect((await rig.ask('POST', '/api/fleet/register', { body, token: null })).status).toBe(401);
    expect(rig.app.fleet.list()).toEqual([]);
  });

  it('ND3 static discovery refuses a registration and says what to set', async () => {
    rig = await FlowRig.open({ simulators: [] });
    const { url } = await openExtra();
    const { status, json } = await rig.ask('POST', '/api/fleet/register', { body: { url }, token: TOKEN });
    expect([status, json.error.code]).toEqual([403, 'DISCOVERY_OFF']);
    expect(json.error.message).toContain('nodes.discovery_mode must be dynamic or hybrid');
  });
});

describe('the file is edited while tasks run', () => {
  const edit = async (config: Record<string, unknown>) => {
    await rig.writeFile(config);
    await rig.reload();
  };

  it('ND18 changed settings take effect without a restart', async () => {
    rig = await FlowRig.open({ simulators: [{}], file: toWorkers });
    const { id } = rig.app.fleet.list()[0] ?? {};
    await edit(
      toWorkers(rig.simulators, { max_concurrent: 7, labels: ['night'], group: 'backup', priority: 1 }),
    );
    expect(rig.app.fleet.list()).toMatchObject([
      { id, maxConcurrent: 7, labels: ['night'], group: 'backup', priority: 1, state: 'online' },
    ]);
  });

  it('ND18 an idle worker that leaves the file is gone at once', async () => {
    rig = await FlowRig.open({ simulators: [{}, {}], file: toWorkers });
    await edit(toWorkers(rig.simulators.slice(0, 1)));
    expect(rig.app.fleet.list()).toMatchObject([{ name: 'gpu-1', state: 'online' }]);
  });

  it('ND18 a busy worker that leaves the file finishes its task first; the new one takes the rest', async () => {
    rig = await FlowRig.open({ simulators: [{}], file: toWorkers });
    const running = await rig.submit(sleepGraph(2));
    await rig.happened(running, 'attempt.started');
    const { url } = await openExtra();
    await edit({ workers: [{ name: 'gpu-new', url }] });
    expect(stateOf('gpu-1')).toBe('draining');
    await rig.whenFleet(() => isKnown('gpu-new'));
    expect(await rig.run(pictureGraph())).toMatchObject({ status: 'succeeded', worker_name: 'gpu-new' });
    expect(await rig.ended(running)).toMatchObject({
      status: 'succeeded',
      attempt_count: 1,
      worker_name: 'gpu-1',
    });
    await rig.whenFleet((fleet) => fleet.list().length === 1);
    expect(rig.executions(running)).toBe(1);
  });

  it('ND18 a worker that the file moves to another address keeps its name, and its task finishes where it is', async () => {
    rig = await FlowRig.open({ simulators: [{}], file: toWorkers });
    const running = await rig.submit(sleepGraph(2));
    await rig.happened(running, 'attempt.started');
    const moved = await openExtra();
    await edit(toWorkers([moved]));
    await rig.whenFleet(() => isKnown('gpu-1'));
    expect(rig.app.fleet.findByName('gpu-1')?.url).toBe(moved.url);
    expect(await rig.run(pictureGraph())).toMatchObject({ status: 'succeeded', worker_name: 'gpu-1' });
    expect(await rig.ended(running)).toMatchObject({ status: 'succeeded', attempt_count: 1 });
    expect(rig.executions(running)).toBe(1);
    await rig.whenFleet((fleet) => fleet.list().length === 1);
  });
});
