import type { TaskId } from '@comfleet/contract';
import type { SimulatorOptions } from '@comfleet/simulator';
import { openSimulator } from '@comfleet/simulator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FlowRig } from './kit/flow-rig.ts';

/** A fleet of these simulators, closed after the file. */
function useRig(simulators: SimulatorOptions[]): () => FlowRig {
  let rig: FlowRig | null = null;
  beforeAll(async () => {
    rig = await FlowRig.open({ simulators });
  });
  afterAll(() => rig?.close());
  return () => {
    if (!rig) throw new Error('not open');
    return rig;
  };
}

/** A worker with a node pack whose loader offers these files, which are listed nowhere else. */
function withLoader(files: readonly string[], mode: readonly string[] = ['fast']): SimulatorOptions {
  const required = { file_of_mine: [files], vae: [['Baked VAE', 'None']], mode: [mode] };
  return { classes: { AnyPackLoader: { info: { input: { required }, output: ['IMAGE'] } } } };
}

let color = 0;

/** A graph with the loader and a saved picture. */
function loaderGraph(file: string, mode = 'fast') {
  color += 1;
  return {
    '1': { class_type: 'AnyPackLoader', inputs: { file_of_mine: file, vae: 'Baked VAE', mode } },
    '2': { class_type: 'SaveImage', inputs: { filename_prefix: `needs-${color}`, images: ['1', 0] } },
  };
}

describe('files that only a loader of a pack lists', () => {
  const rig = useRig([withLoader(['other.gguf']), withLoader(['flux1-dev-Q4_K_S.gguf'])]);

  it('ND17 decide where a task runs, and what the others lack is said', async () => {
    const { fleet } = rig().app;
    const second = fleet.findByName('gpu-2')?.id ?? '';
    await fleet.override(second, { maintenance: true });
    const id = await rig().submit(loaderGraph('flux1-dev-Q4_K_S.gguf'));
    const { waiting } = await rig().calls.tasks.explain(rig().actor, id);
    expect(waiting?.workers.map(({ reason, missing }) => [reason, missing])).toEqual([
      ['model', 'flux1-dev-Q4_K_S.gguf'],
      ['maintenance', null],
    ]);

    await fleet.override(second, { maintenance: false });
    expect(await rig().ended(id)).toMatchObject({ status: 'succeeded', worker_name: 'gpu-2' });
  });

  it('ND17 that nobody lists are tried on one worker, whose own errors end the task', async () => {
    const task = await rig().run(loaderGraph('nowhere.gguf'));

    expect(task).toMatchObject({ status: 'failed', attempt_count: 1, error: { code: 'PROMPT_REFUSED' } });
    expect(JSON.stringify(task.error)).toContain('value_not_in_list');
  });
});

describe('a node that feeds no output', () => {
  const rig = useRig([{}]);

  it('WF17 needs nothing but its class', async () => {
    const unused = { class_type: 'CheckpointLoaderSimple', inputs: { ckpt_name: 'not-here.safetensors' } };
    const image = { class_type: 'EmptyImage', inputs: { width: 16, height: 16, batch_size: 1, color: 3 } };
    const save = { class_type: 'SaveImage', inputs: { filename_prefix: 'ok', images: ['1', 0] } };

    expect(await rig().run({ '1': image, '3': save, '9': unused })).toMatchObject({ status: 'succeeded' });
  });
});

describe('a fleet of two systems', () => {
  const rig = useRig([withLoader(['SDXL\\a.safetensors']), withLoader(['SDXL/a.safetensors'])]);

  it.each([
    ['SDXL/a.safetensors', 'gpu-1'],
    ['SDXL/a.safetensors', 'gpu-2'],
    ['SDXL\\a.safetensors', 'gpu-1'],
    ['SDXL\\a.safetensors', 'gpu-2'],
  ])('ND17 %s goes out as %s spells it', async (file, worker) => {
    expect(await rig().run(loaderGraph(file), { workers: [worker] })).toMatchObject({ status: 'succeeded' });
  });
});

describe('choices that are no files', () => {
  const rig = useRig([withLoader(['a.safetensors']), withLoader(['a.safetensors'], ['fast', 'exact'])]);

  it('LB3 say who is tried first', async () => {
    const task = await rig().run(loaderGraph('a.safetensors', 'exact'));

    expect(task).toMatchObject({ status: 'succeeded', worker_name: 'gpu-2', attempt_count: 1 });
  });

  it('LB3 one that lacks them is tried while no other is there, and its refusal is not the end', async () => {
    const { fleet } = rig().app;
    const second = fleet.findByName('gpu-2')?.id ?? '';
    await fleet.override(second, { maintenance: true });
    const id = await rig().submit(loaderGraph('a.safetensors', 'exact'));
    await rig().happened(id, 'attempt.ended');
    expect(await rig().load(id)).toMatchObject({ status: 'held', attempt_count: 1 });

    await fleet.override(second, { maintenance: false });
    expect(await rig().ended(id)).toMatchObject({
      status: 'succeeded',
      worker_name: 'gpu-2',
      attempt_count: 2,
    });
  });
});

describe('a new kind of worker', () => {
  const rig = useRig([withLoader(['a.safetensors'])]);

  it('ND17 gets the tasks that wait, and those that were held before any worker was known', async () => {
    const { fleet } = rig().app;
    const [first] = fleet.list();
    if (!first) throw new Error('no worker');
    await fleet.override(first.id, { maintenance: true });
    const waiting = await rig().submit(loaderGraph('a.safetensors'));
    const lacking = await rig().submit(loaderGraph('nowhere.gguf'));
    const simulator = await openSimulator(withLoader(['a.safetensors', 'b.safetensors']));
    await fleet.add({ name: 'later', url: simulator.url, source: 'config' });

    expect(await rig().ended(waiting)).toMatchObject({ status: 'succeeded', worker_name: 'later' });
    expect(await rig().ended(lacking)).toMatchObject({ status: 'failed', worker_name: 'later' });
    await simulator.close();
  });
});

describe('before any worker is known', () => {
  const rig = useRig([]);

  it('a task that is run again later is checked against the workers of that time', async () => {
    const { fleet } = rig().app;
    const { tasks } = rig().calls;
    const early = await rig().submit(loaderGraph('SDXL/b.safetensors'));
    await tasks.cancel(rig().actor, early);
    const held = await tasks.retry(rig().actor, early);
    expect(held.submitted.status).toBe('held');
    await tasks.cancel(rig().actor, held.submitted.task_id as TaskId);

    const simulator = await openSimulator(withLoader(['SDXL\\b.safetensors']));
    const { id } = await fleet.add({ name: 'then', url: simulator.url, source: 'config' });
    await rig().whenOnline();
    const again = await tasks.retry(rig().actor, early);
    const task = await rig().ended(again.submitted.task_id);

    expect(again.submitted.status).toBe('queued');
    expect(task.status).toBe('succeeded');
    expect(task.attempts[0]?.fingerprint?.models).toMatchObject([{ name: 'SDXL/b.safetensors' }]);
    await fleet.remove(id);
    await simulator.close();
  });

  it('ND17 the first worker to come does not get what only one that is still being asked lists', async () => {
    const { fleet } = rig().app;
    const id = await rig().submit(loaderGraph('late.gguf'));
    const quick = await openSimulator(withLoader(['other.gguf']));
    const slow = await openSimulator({ ...withLoader(['late.gguf']), latencyMs: 300 });
    const workers = await Promise.all(
      [slow, quick].map(({ url }, place) => fleet.add({ name: `w${place}`, url, source: 'config' })),
    );

    expect(await rig().ended(id)).toMatchObject({ status: 'succeeded', worker_name: 'w0', attempt_count: 1 });
    for (const worker of workers) await fleet.remove(worker.id);
    await quick.close();
    await slow.close();
  });

  it('LB10 a task is held, and its needs are read when the first worker comes', async () => {
    const { fleet } = rig().app;
    const id = await rig().submit(loaderGraph('SDXL/a.safetensors'));
    expect(await rig().load(id)).toMatchObject({ status: 'held', held_reason: 'no_worker_known' });

    const simulator = await openSimulator(withLoader(['SDXL\\a.safetensors']));
    await fleet.add({ name: 'first', url: simulator.url, source: 'config' });
    const task = await rig().ended(id);

    expect(task.status).toBe('succeeded');
    expect(task.attempts[0]?.fingerprint?.models).toEqual([
      { folder: null, name: 'SDXL/a.safetensors', size_bytes: null },
    ]);
    await simulator.close();
  });
});

describe('a task that asks for one worker', () => {
  const rig = useRig([withLoader(['a.safetensors']), {}]);

  it('LB3 is refused when that one lacks what another one has', async () => {
    const asked = { workers: ['gpu-2'] };
    await expect(rig().submit(loaderGraph('a.safetensors'), asked)).rejects.toMatchObject({
      code: 'NO_CAPABLE_WORKER',
      details: { reason: 'class_type', missing: 'AnyPackLoader', workers: ['gpu-2'] },
    });
  });

  it('LB3 is held while nothing is known of that one, says so, and runs once it is there', async () => {
    const { fleet } = rig().app;
    await fleet.add({ name: 'late', url: 'http://127.0.0.1:1', source: 'config' });
    const id = await rig().submit(loaderGraph('b.safetensors'), { workers: ['late'] });
    const { waiting, message } = await rig().calls.tasks.explain(rig().actor, id);

    expect(waiting?.held_reason).toBe('no_worker_known');
    expect(message).toContain('no worker that it may run on has been reached yet');
    expect(waiting?.workers.map(({ name, reason }) => [name, reason])).toEqual([
      ['gpu-1', 'not_pinned'],
      ['gpu-2', 'not_pinned'],
      ['late', 'offline'],
    ]);
    const simulator = await openSimulator(withLoader(['b.safetensors']));
    await fleet.remove(fleet.findByName('late')?.id ?? '');
    await fleet.add({ name: 'late', url: simulator.url, source: 'config' });
    const task = await rig().ended(id);

    expect(task).toMatchObject({ status: 'succeeded', worker_name: 'late' });
    // From the model lists of the worker that ran it.
    expect(task.attempts[0]?.fingerprint?.models).toMatchObject([{ name: 'b.safetensors' }]);
    await simulator.close();
  });

  it('LB3 held for a label, it runs on a known worker that is given it', async () => {
    const { fleet } = rig().app;
    await fleet.add({ name: 'silent', url: 'http://127.0.0.1:2', source: 'config', labels: ['studio'] });
    const id = await rig().submit(loaderGraph('a.safetensors'), { labels: ['studio'] });
    expect(await rig().load(id)).toMatchObject({ status: 'held', held_reason: 'no_worker_known' });

    await fleet.change(fleet.findByName('gpu-1')?.id ?? '', { labels: ['studio'] });
    expect(await rig().ended(id)).toMatchObject({ status: 'succeeded', worker_name: 'gpu-1' });
  });
});
