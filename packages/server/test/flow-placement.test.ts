import type { BatchId } from '@comfleet/contract';
import type { SimulatorOptions } from '@comfleet/simulator';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { FlowRig, pictureGraph, samplerGraph, sleepGraph } from './kit/flow-rig.ts';
import { TEST_MODEL, TEST_WORKFLOWS } from './kit/flow-workflows.ts';

/** A fleet of these simulators, closed after the file. */
function useRig(simulators: SimulatorOptions[], config: Record<string, unknown> = {}): () => FlowRig {
  let rig: FlowRig | null = null;
  beforeAll(async () => {
    rig = await FlowRig.open({ simulators, config });
  });
  afterAll(() => rig?.close());
  return () => {
    if (!rig) throw new Error('not open');
    return rig;
  };
}

const idOf = (rig: FlowRig, name: string) => {
  const worker = rig.app.fleet.findByName(name);
  if (!worker) throw new Error(`no worker ${name}`);
  return worker.id;
};

/** Models that a simulator has loaded so far, in order. */
const loads = (rig: FlowRig, index: number) =>
  (rig.simulators[index]?.ledger.lines() ?? [])
    .filter((line) => line.event === 'model_loaded')
    .map((line) => line.model);

function withModel(name: string) {
  const graph = samplerGraph(2);
  const loader = graph['1'];
  if (loader) loader.inputs.ckpt_name = `random-${name}.safetensors`;
  return graph;
}

describe('why a task waits', () => {
  const rig = useRig([{}, {}]);
  afterEach(async () => {
    for (const worker of rig().app.fleet.list())
      await rig().app.fleet.override(worker.id, { maintenance: false });
  });

  it('LB10 a task that no worker accepts now waits, and says why for each worker', async () => {
    const { fleet } = rig().app;
    await fleet.override(idOf(rig(), 'gpu-1'), { maintenance: true });
    await fleet.override(idOf(rig(), 'gpu-2'), { maintenance: true });
    const id = await rig().submit(pictureGraph());
    const why = await rig().calls.tasks.explain(rig().actor, id);

    expect(why).toMatchObject({ status: 'queued', placed: null });
    expect(why.message).toBe('Waiting: next in line. Of 2 workers: in maintenance (2).');
    expect(why.waiting?.workers.map(({ name, reason }) => [name, reason])).toEqual([
      ['gpu-1', 'maintenance'],
      ['gpu-2', 'maintenance'],
    ]);
    await fleet.override(idOf(rig(), 'gpu-2'), { maintenance: false });
    expect(await rig().ended(id)).toMatchObject({ status: 'succeeded', worker_name: 'gpu-2' });
  });

  it('LB12 a placed task keeps the reason, the scores and who was out; the balancer counts its choices', async () => {
    const before = await rig().calls.statistics.balancer();
    const task = await rig().run(pictureGraph());
    const why = await rig().calls.tasks.explain(rig().actor, task.task_id as never);
    const after = await rig().calls.statistics.balancer();

    expect(why.waiting).toBeNull();
    expect(why.placed).toMatchObject({
      worker_name: 'gpu-1',
      strategy: 'least_loaded',
      ground: 'no_models',
      candidates: 2,
    });
    expect(why.placed?.scores.map(({ worker }) => worker)).toEqual(['gpu-1', 'gpu-2']);
    const selections = (state: typeof before) => state.workers.map((worker) => worker.selections);
    const [first = 0, second = 0] = selections(before);
    expect(selections(after)).toEqual([first + 1, second]);
    expect(after.workers[0]?.last_selected_at).not.toBeNull();
  });
});

describe('loaded models', () => {
  const rig = useRig([{}, {}]);

  it('tasks of two checkpoints settle on a worker each: two loads, however the tasks are mixed', async () => {
    const first = await rig().submit(withModel('a'));
    const second = await rig().submit(withModel('b'));
    await Promise.all([rig().ended(first), rig().ended(second)]);
    const mixed = ['b', 'a', 'a', 'b', 'b', 'a', 'b', 'a'];
    const ids: string[] = [];
    for (const model of mixed) ids.push(await rig().submit(withModel(model)));
    const tasks = await Promise.all(ids.map((id) => rig().ended(id)));

    expect(tasks.map((task) => task.status)).toEqual(mixed.map(() => 'succeeded'));
    expect([...loads(rig(), 0), ...loads(rig(), 1)].sort()).toEqual([
      'random-a.safetensors',
      'random-b.safetensors',
    ]);
  });
});

describe('slots', () => {
  const rig = useRig([{}]);

  it('TQ3 a prefetched prompt is preempted for an urgent task, runs after it, and uses up no attempt', async () => {
    const running = await rig().submit(sleepGraph(0.6));
    await rig().ledger(running, 'execution_start');
    const prefetched = await rig().submit(pictureGraph());
    await rig().ledger(prefetched, 'prompt_accepted');
    const urgent = await rig().submit(pictureGraph(), { priority: 10 });
    const [later, sooner] = await Promise.all([rig().ended(prefetched), rig().ended(urgent)]);

    expect(sooner).toMatchObject({ status: 'succeeded', attempt_count: 1 });
    expect(later).toMatchObject({ status: 'succeeded', attempt_count: 1 });
    expect(later.attempts.map(({ number, ending, error }) => [number, ending, error?.code ?? null])).toEqual([
      [1, 'interrupted', 'PREEMPTED'],
      [2, 'succeeded', null],
    ]);
    const order = rig()
      .simulator.ledger.lines()
      .filter((line) => line.event === 'execution_start')
      .map((line) => line.task);
    expect(order.slice(-2)).toEqual([urgent, prefetched]);
    expect(rig().executions(prefetched)).toBe(1);
  });

  it('no more prompts than its slots are on a worker, whatever waits', async () => {
    const ids: string[] = [];
    for (let number = 0; number < 8; number += 1) ids.push(await rig().submit(sleepGraph(0.02)));
    await Promise.all(ids.map((id) => rig().ended(id)));
    let open = 0;
    let most = 0;
    for (const line of rig().simulator.ledger.lines()) {
      if (line.event === 'prompt_accepted') open += 1;
      if (line.event === 'execution_end' || line.event === 'prompt_deleted') open -= 1;
      most = Math.max(most, open);
    }

    expect(most).toBe(2);
  });
});

describe('a batch that is paused', () => {
  const rig = useRig([{}]);

  it('BG5 keeps a task that is preempted for a more urgent one, and lets it go when it is resumed', async () => {
    const running = await rig().submit(sleepGraph(0.6));
    await rig().ledger(running, 'execution_start');
    const { batch } = await rig().calls.batches.submit(rig().actor, { tasks: [{}], graph: pictureGraph() });
    const [item = ''] = batch.task_ids;
    await rig().ledger(item, 'prompt_accepted');
    const id = batch.batch_id as BatchId;
    await rig().calls.batches.change(rig().actor, id, 'pause');
    const urgent = await rig().submit(pictureGraph(), { priority: 10 });
    await rig().ended(urgent);
    expect(await rig().load(item)).toMatchObject({
      status: 'held',
      held_reason: 'batch_paused',
      attempt_count: 0,
    });

    await rig().calls.batches.change(rig().actor, id, 'resume');
    expect(await rig().ended(item)).toMatchObject({ status: 'succeeded', attempt_count: 1 });
    expect(rig().executions(item)).toBe(1);
  });
});

describe('tasks that ask for workers', () => {
  const rig = useRig([{}, {}]);

  it('a label or a name decides where a task runs, and one that nobody has is refused', async () => {
    const { fleet } = rig().app;
    const labelled = await fleet.add({
      name: 'studio',
      url: rig().simulators[1]?.url ?? '',
      source: 'config',
      labels: ['studio'],
    });
    await fleet.remove(idOf(rig(), 'gpu-2'));
    await rig().whenOnline();

    expect(await rig().run(pictureGraph(), { labels: ['studio'] })).toMatchObject({ worker_name: 'studio' });
    expect(await rig().run(pictureGraph(), { workers: [labelled.id] })).toMatchObject({
      worker_name: 'studio',
    });
    expect(await rig().run(pictureGraph(), { workers: ['gpu-1'] })).toMatchObject({ worker_name: 'gpu-1' });
    await expect(rig().submit(pictureGraph(), { labels: ['studio', 'rack-9'] })).rejects.toMatchObject({
      code: 'NO_CAPABLE_WORKER',
    });
  });
});

describe('constraints sent over HTTP', () => {
  const models = [TEST_MODEL];
  const rig = useRig([{ models }, { models }], { task_types: TEST_WORKFLOWS });
  const post = (body: object) => rig().ask('POST', '/api/v2/tasks', { body });

  it.each([{ workers: ['nobody'] }, { labels: ['nolabel'] }])(
    'LB3 %j, which nobody has, is refused for graphs and for workflows',
    async (constraints) => {
      const named = { workflow_name: 'basic', parameters: { prompt: 'a cat' } };
      const answers = [
        await post({ graph: pictureGraph(), ...constraints }),
        await post({ ...named, ...constraints }),
      ];

      expect(answers.map(({ status, json }) => [status, json.error?.code])).toEqual([
        [422, 'NO_CAPABLE_WORKER'],
        [422, 'NO_CAPABLE_WORKER'],
      ]);
    },
  );

  it('LB3 the name of a worker is followed', async () => {
    const { status, json } = await post({ graph: pictureGraph(), workers: ['gpu-2'] });

    expect(status).toBe(201);
    expect(await rig().ended(json.task_id)).toMatchObject({ status: 'succeeded', worker_name: 'gpu-2' });
  });
});

const STRATEGY = 'nodes.load_balancing.strategy';

describe('strategies at run time', () => {
  const rig = useRig([{}, {}, {}]);

  it('LB6 a strategy that is changed while it runs is followed by the next task', async () => {
    const workers = async (count: number) => {
      const names: (string | null)[] = [];
      for (let number = 0; number < count; number += 1)
        names.push((await rig().run(pictureGraph())).worker_name);
      return names;
    };
    expect(await workers(3)).toEqual(['gpu-1', 'gpu-1', 'gpu-1']);
    const by = { principalId: rig().actor.id };
    await rig().app.settings.set(STRATEGY, 'round_robin', by);
    expect((await workers(3)).sort()).toEqual(['gpu-1', 'gpu-2', 'gpu-3']);
    await rig().app.settings.reset(STRATEGY, by);
    expect(await workers(2)).toEqual(['gpu-1', 'gpu-1']);
  });
});

describe('what a worker can run', () => {
  const rig = useRig([
    { models: [{ name: 'random-a.safetensors', loadMs: 5, vramMegabytes: 100 }] },
    { models: [{ name: 'random-b.safetensors', loadMs: 5, vramMegabytes: 100 }] },
  ]);

  it('ND17 is known by its models, and a task goes only where its model is, however busy that worker is', async () => {
    const inventoryOf = (name: string) => rig().app.fleet.findByName(name)?.snapshot().inventory;
    await rig().whenFleet(() => inventoryOf('gpu-1') != null && inventoryOf('gpu-2') != null);
    expect([...(inventoryOf('gpu-1')?.models.get('checkpoints') ?? [])]).toEqual(['random-a.safetensors']);
    expect([...(inventoryOf('gpu-2')?.models.get('checkpoints') ?? [])]).toEqual(['random-b.safetensors']);

    const ids = await Promise.all(['b', 'b', 'b', 'a'].map((name) => rig().submit(withModel(name))));

    const ended = await Promise.all(ids.map((id) => rig().ended(id)));
    expect(ended.map(({ status, worker_name }) => [status, worker_name])).toEqual([
      ['succeeded', 'gpu-2'],
      ['succeeded', 'gpu-2'],
      ['succeeded', 'gpu-2'],
      ['succeeded', 'gpu-1'],
    ]);
    expect([loads(rig(), 0), loads(rig(), 1)]).toEqual([['random-a.safetensors'], ['random-b.safetensors']]);
  });
});
