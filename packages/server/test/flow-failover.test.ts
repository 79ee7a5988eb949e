import { openTcpProxy, type TcpProxy } from '@comfleet/simulator';
import { afterEach, describe, expect, it } from 'vitest';
import { FlowRig, pictureGraph, type RigOptions, samplerGraph, sleepGraph } from './kit/flow-rig.ts';
import { TEST_MODEL, TEST_WORKFLOWS } from './kit/flow-workflows.ts';

/** A worker is offline after two failed checks, which follow each other quickly. */
const QUICK_HEALTH = { nodes: { health_check: { interval: 0.3, retry_attempts: 2 } } };

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});

async function openRig(options: RigOptions): Promise<FlowRig> {
  const rig = await FlowRig.open(options);
  opened.push(rig);
  return rig;
}

/** A rig whose workers are behind networks that can be cut. */
async function openCuttable(options: RigOptions): Promise<{ rig: FlowRig; networks: TcpProxy[] }> {
  const networks: TcpProxy[] = [];
  const rig = await openRig({
    ...options,
    url: async ({ port }) => {
      const network = await openTcpProxy({ host: '127.0.0.1', port });
      networks.push(network);
      opened.unshift(network);
      return network.url;
    },
  });
  return { rig, networks };
}

/** Resolves when `count` of the promises have resolved. */
function firstOf(all: readonly Promise<unknown>[], count: number): Promise<void> {
  let left = count;
  return new Promise((resolve, reject) => {
    for (const one of all)
      one.then(() => {
        left -= 1;
        if (left === 0) resolve();
      }, reject);
  });
}

function at<T>(list: readonly T[], index: number): T {
  const found = list[index];
  if (found === undefined) throw new Error(`nothing at ${index}`);
  return found;
}

/** Resolves when the only worker is offline. */
function whenOffline(rig: FlowRig): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (rig.app.fleet.list()[0]?.state !== 'offline') return;
      stop();
      resolve();
    };
    const stop = rig.app.fleet.onChange(look);
    look();
  });
}

/** Large enough that only its POST fails and other requests pass. */
function withLongPrompt(graph: ReturnType<typeof samplerGraph>): typeof graph {
  const text = graph['2'];
  return text ? { ...graph, '2': { ...text, inputs: { ...text.inputs, text: 'cat '.repeat(5000) } } } : graph;
}

/** Cuts every connection at once; the worker behind it may still run. */
function breakConnections(network: TcpProxy): void {
  network.add({ kind: 'limit_data', direction: 'down', bytes: 0, ending: 'reset' });
  network.resetAll();
}

/** Puts all workers but one into maintenance. */
async function allowOnly(rig: FlowRig, name: string | null): Promise<void> {
  for (const worker of rig.app.fleet.list())
    await rig.app.fleet.override(worker.id, { maintenance: name !== null && worker.name !== name });
}

describe('a task whose worker goes away', () => {
  it('LB7 moves to another one; both attempts are kept with their worker', async () => {
    const { rig, networks } = await openCuttable({ simulators: [{}, {}], config: QUICK_HEALTH });
    await allowOnly(rig, 'gpu-1');
    const id = await rig.submit(sleepGraph(60));
    await rig.happened(id, 'attempt.started');
    await allowOnly(rig, null);
    await at(networks, 0).goDown();
    const moved = rig.watch(id, 0);
    await moved.wait((frame) => frame.kind === 'event' && frame.event.attempt_number === 2);
    await rig.calls.tasks.cancel(rig.actor, id);
    const task = await rig.ended(id);

    expect(task.attempts.map(({ worker_name, ending }) => [worker_name, ending])).toEqual([
      ['gpu-1', 'lost'],
      ['gpu-2', 'interrupted'],
    ]);
    expect(task.attempts[0]?.error).toMatchObject({ code: 'WORKER_UNREACHABLE' });
  });

  it('LB7 is not moved where failover is switched off: it ends with the error of its worker', async () => {
    const { rig, networks } = await openCuttable({
      simulators: [{}, {}],
      config: { nodes: { ...QUICK_HEALTH.nodes, load_balancing: { enable_failover: false } } },
    });
    await allowOnly(rig, 'gpu-1');
    const id = await rig.submit(sleepGraph(60));
    await rig.happened(id, 'attempt.started');
    await allowOnly(rig, null);
    await at(networks, 0).goDown();
    const task = await rig.ended(id);

    expect(task).toMatchObject({ status: 'failed', attempt_count: 1, error: { code: 'WORKER_UNREACHABLE' } });
  });

  it('LB8 has the result of its first run when the worker is back before it counts as lost', async () => {
    const { rig, networks } = await openCuttable({ simulators: [{}, {}], config: QUICK_HEALTH });
    await allowOnly(rig, 'gpu-1');
    const id = await rig.submit(sleepGraph(1));
    await rig.happened(id, 'attempt.started');
    await allowOnly(rig, null);
    breakConnections(at(networks, 0));
    await rig.ledger(id, 'execution_end');
    at(networks, 0).clear();
    const task = await rig.ended(id);

    expect(task).toMatchObject({ status: 'succeeded', attempt_count: 1, worker_name: 'gpu-1' });
    expect(rig.executions(id)).toBe(1);
  });

  it('ST9 moves at once, without the grace of one that cannot be reached, when no process listens there any more', async () => {
    const rig = await openRig({
      simulators: [{}, {}],
      config: { nodes: { load_balancing: { failover_seconds: 600 }, health_check: { retry_attempts: 50 } } },
    });
    await allowOnly(rig, 'gpu-1');
    const id = await rig.submit(sleepGraph(60));
    await rig.happened(id, 'attempt.started');
    await allowOnly(rig, null);
    rig.simulator.control.set({ name: 'crash' });
    const moved = await rig
      .watch(id, 0)
      .wait((frame) => frame.kind === 'event' && frame.event.attempt_number === 2);
    const states = rig.app.fleet.list().map(({ state }) => state);
    await rig.calls.tasks.cancel(rig.actor, id);
    const task = await rig.ended(id);

    expect(moved).toBeDefined();
    // It becomes offline only after the configured number of failed checks; its tasks do not wait for that.
    expect(states).toEqual(['online', 'online']);
    expect(task.attempts.map(({ worker_name }) => worker_name)).toEqual(['gpu-1', 'gpu-2']);
  });

  it('A3 its old prompt is stopped when that worker is back, also by the next server', async () => {
    const { rig, networks } = await openCuttable({
      simulators: [{ stepMs: 1000 }, {}],
      config: QUICK_HEALTH,
    });
    await allowOnly(rig, 'gpu-1');
    const id = await rig.submit(samplerGraph(100));
    await rig.happened(id, 'attempt.started');
    await allowOnly(rig, null);
    await at(networks, 0).goDown();
    const task = await rig.ended(id);
    await rig.stop();
    await at(networks, 0).goUp();
    await rig.start();
    const end = await rig.ledger(id, 'execution_end', 0);

    expect(task).toMatchObject({ status: 'succeeded', attempt_count: 2, worker_name: 'gpu-2' });
    expect(end.interrupted).toBe(true);
  });
});

describe('which worker is asked', () => {
  it('LB9 files are fetched and prompts stopped on the worker that has them, and on no other', async () => {
    const rig = await openRig({ simulators: [{}, {}] });
    const done = await Promise.all(Array.from({ length: 6 }, () => rig.run(pictureGraph())));
    await allowOnly(rig, 'gpu-2');
    const canceled = await rig.submit(sleepGraph(60));
    await rig.happened(canceled, 'attempt.started');
    await rig.calls.tasks.cancel(rig.actor, canceled);
    await rig.ended(canceled);
    const count = (worker: number, event: string) =>
      at(rig.simulators, worker)
        .ledger.lines()
        .filter((line) => line.event === event).length;
    const of = (name: string) => done.filter((task) => task.worker_name === name).length;

    expect([count(0, 'view'), count(1, 'view')]).toEqual([of('gpu-1'), of('gpu-2')]);
    expect([count(0, 'interrupted'), count(1, 'interrupted')]).toEqual([0, 1]);
  });

  it('LB10 while its worker is away a task waits in the queue, and no other worker is tried', async () => {
    const { rig, networks } = await openCuttable({ config: QUICK_HEALTH });
    await at(networks, 0).goDown();
    await whenOffline(rig);
    const id = await rig.submit(pictureGraph());
    const waiting = await rig.load(id);
    const fleet = rig.app.fleet.list().map(({ name }) => name);
    await at(networks, 0).goUp();
    const task = await rig.ended(id);

    expect(waiting).toMatchObject({ status: 'queued', attempt_count: 0, worker_id: null });
    expect(fleet).toEqual(['gpu-1']);
    expect(task).toMatchObject({ status: 'succeeded', worker_name: 'gpu-1' });
  });

  it('LB10 in a fleet without workers a task is held and says why', async () => {
    const rig = await openRig({ simulators: [] });
    const id = await rig.submit(pictureGraph());

    expect(await rig.load(id)).toMatchObject({ status: 'held', held_reason: 'no_worker_known' });
    expect(rig.app.fleet.list()).toEqual([]);
  });

  it('LB11 a worker on which a submission breaks is in doubt, and the next try goes elsewhere', async () => {
    const { rig, networks } = await openCuttable({ simulators: [{}, {}] });
    await allowOnly(rig, 'gpu-1');
    at(networks, 0).add({ kind: 'limit_data', direction: 'up', bytes: 4000, ending: 'reset' });
    const id = await rig.submit(withLongPrompt(samplerGraph(1)));
    await rig.happened(id, 'attempt.ended');
    await allowOnly(rig, null);
    const task = await rig.ended(id);

    expect(task).toMatchObject({ status: 'succeeded', worker_name: 'gpu-2' });
    expect(task.attempts[0]).toMatchObject({ worker_name: 'gpu-1', error: { code: 'WORKER_UNREACHABLE' } });
    expect(rig.executions(id)).toBe(1);
  });
});

describe('a request to a worker that is down', () => {
  it('HR8 a submission waits until it is back, and has all its attempts then', async () => {
    const { rig, networks } = await openCuttable({ config: QUICK_HEALTH });
    await at(networks, 0).goDown();
    const id = await rig.submit(pictureGraph(), { max_attempts: 1 });
    await whenOffline(rig);
    await at(networks, 0).goUp();
    const task = await rig.ended(id);

    expect(task.status).toBe('succeeded');
    expect(rig.executions(id)).toBe(1);
  });

  it('HR8 the lookup of a result continues: the task runs once', async () => {
    const { rig, networks } = await openCuttable({ config: QUICK_HEALTH });
    rig.simulator.control.set({ name: 'history_late', ms: 300, after_marker: true });
    const id = await rig.submit(pictureGraph());
    await rig.ledger(id, 'execution_end');
    await at(networks, 0).goDown();
    await whenOffline(rig);
    await at(networks, 0).goUp();
    const task = await rig.ended(id);

    expect(task).toMatchObject({ status: 'succeeded', attempt_count: 1 });
    expect(rig.executions(id)).toBe(1);
  });

  it('HR8 the download of a file continues after the return, and nothing runs again', async () => {
    const { rig, networks } = await openCuttable({ config: QUICK_HEALTH });
    rig.simulator.control.set({ name: 'drip', path: '/view', ms_per_byte: 50 });
    const id = await rig.submit(pictureGraph());
    await rig.simulator.ledger.waitFor((line) => line.event === 'fault' && line.name === 'drip');
    await at(networks, 0).goDown();
    await whenOffline(rig);
    await at(networks, 0).goUp();
    const task = await rig.ended(id);

    expect(task).toMatchObject({ status: 'succeeded', attempt_count: 1 });
    expect(rig.executions(id)).toBe(1);
  });
});

describe('failures that repeat', () => {
  it('P10 retries beyond the budget of the fleet wait, and say so', async () => {
    const slowly = { nodeDelays: { CLIPTextEncode: 500 } };
    const rig = await openRig({ simulators: [slowly, slowly, slowly] });
    for (const { control } of rig.simulators)
      control.set({ name: 'out_of_memory', class: 'KSampler', times: 'until_cleared' });
    const ids = await Promise.all(
      Array.from({ length: 6 }, () => rig.submit(samplerGraph(1), { max_attempts: 2 })),
    );
    await Promise.all(ids.map((id) => rig.happened(id, 'attempt.claimed')));
    await allowOnly(rig, 'nobody');
    const delayed = ids.map((id) =>
      rig
        .watch(id, 0)
        .wait((frame) => frame.kind === 'event' && frame.event.details?.reason === 'retry_budget'),
    );
    await firstOf(delayed, 3);
    const waiting = (await Promise.all(ids.map((id) => rig.load(id)))).map((task) => task.held_reason);
    await allowOnly(rig, null);
    const tasks = await Promise.all(ids.map((id) => rig.ended(id)));

    expect(waiting.filter((reason) => reason === 'retry_delay')).toHaveLength(3);
    expect(tasks.map((task) => task.attempt_count)).toEqual([2, 2, 2, 2, 2, 2]);
    expect((await rig.calls.statistics.engine()).retriesDelayed).toBeGreaterThanOrEqual(3);
  });

  it('a running prompt without progress beyond the limit of its workflow is canceled and runs elsewhere', async () => {
    const { basic } = TEST_WORKFLOWS.text_to_image.workflows;
    const workflows = { basic: { ...basic, silence_limit_seconds: 0.5 } };
    const rig = await openRig({
      simulators: [{ nodeDelays: { KSampler: 60_000 }, models: [TEST_MODEL] }, { models: [TEST_MODEL] }],
      config: { task_types: { text_to_image: { ...TEST_WORKFLOWS.text_to_image, workflows } } },
    });
    await allowOnly(rig, 'gpu-1');
    const { submitted } = await rig.calls.tasks.submit({
      actor: rig.actor,
      door: 'native',
      body: { kind: 'workflow', taskType: 'text_to_image', parameters: { prompt: 'a cat' } },
      options: {},
    });
    await rig.happened(submitted.task_id, 'attempt.started');
    await allowOnly(rig, null);
    const task = await rig.ended(submitted.task_id);
    const events = await rig.calls.tasks.loadEvents(rig.actor, submitted.task_id as never, 0);

    expect(task).toMatchObject({ status: 'succeeded', attempt_count: 2, worker_name: 'gpu-2' });
    expect(task.attempts[0]).toMatchObject({
      ending: 'interrupted',
      error: { code: 'PROMPT_STALLED', details: { silence_limit_seconds: 0.5 } },
    });
    expect(events.filter(({ type }) => type === 'attempt.escalated').map(({ details }) => details)).toEqual([
      { step: 'cancel', result: 'stopped', reason: null },
    ]);
  });
});
