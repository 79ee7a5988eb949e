import { Buffer } from 'node:buffer';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseLosslessJson } from '@comfleet/comfyui';
import type { TaskId } from '@comfleet/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FlowRig, pictureGraph, samplerGraph, sleepGraph } from './kit/flow-rig.ts';
import { TEST_MODEL, TEST_WORKFLOWS } from './kit/flow-workflows.ts';

let rig: FlowRig;
beforeAll(async () => {
  rig = await FlowRig.open({
    simulators: [{ models: [TEST_MODEL, { name: 'random-a.safetensors', loadMs: 5, vramMegabytes: 100 }] }],
    config: { task_types: TEST_WORKFLOWS },
  });
});
afterAll(() => rig.close());

const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

async function* once(bytes: Uint8Array) {
  yield bytes;
}

const upload = async (name: string, bytes: Uint8Array) =>
  (
    await rig.calls.assets.create(rig.actor, {
      name,
      contentType: 'image/png',
      bytes: once(bytes),
      accept: 'picture',
    })
  ).asset;

const invert = async (image: unknown): Promise<TaskId> => {
  const { submitted } = await rig.calls.tasks.submit({
    actor: rig.actor,
    door: 'native',
    body: { kind: 'workflow', workflowName: 'invert', parameters: { image } },
    options: {},
  });
  return submitted.task_id as TaskId;
};

const uploads = () => rig.simulator.ledger.lines().filter((line) => line.event === 'upload');

describe('inputs', () => {
  it('WF18 an upload named by its id is pushed to the executing worker and the answered name is in the graph', async () => {
    const asset = await upload('cat.png', PNG);
    const task = await rig.ended(await invert(asset.id));
    const path = String(uploads().at(-1)?.path);

    expect(task).toMatchObject({ status: 'succeeded', attempt_count: 1 });
    expect(rig.simulator.files.read('input', path)?.bytes).toEqual(PNG);
  });

  it('RS10 an image is named by upload id, by file name, or by a file below the input folder', async () => {
    const asset = await upload('dog.png', PNG);
    await writeFile(join(rig.folder, 'input', 'here.png'), PNG);
    const ids = [await invert(asset.id), await invert('dog.png'), await invert('here.png')];

    for (const id of ids) expect((await rig.ended(id)).status).toBe('succeeded');
  });

  it.each(['../secrets.json', '/etc/hostname', 'no-such.png', '01900000-0000-7000-8000-0000000000ff'])(
    'RS10 anything else is refused: %s',
    async (image) => {
      await expect(invert(image)).rejects.toMatchObject({
        code: expect.stringMatching(/^(MISSING_ASSET|INVALID_PARAMETERS)$/),
      });
    },
  );

  it('RS15 two different pictures of one name are on the worker under two names', async () => {
    const other = Buffer.from(PNG);
    other[other.length - 16] = (other[other.length - 16] ?? 0) ^ 1;
    const first = await upload('same.png', PNG);
    const second = await upload('same.png', other);
    await rig.ended(await invert(first.id));
    const firstPath = uploads().at(-1)?.path;
    await rig.ended(await invert(second.id));
    const secondPath = uploads().at(-1)?.path;

    expect(firstPath).not.toBe(secondPath);
    expect(rig.simulator.files.read('input', String(firstPath))?.bytes).toEqual(PNG);
    expect(rig.simulator.files.read('input', String(secondPath))?.bytes).toEqual(other);
  });
});

describe('submitting', () => {
  it('P2 TQ18 64 equal requests with one key at once make one task', async () => {
    const body = { kind: 'graph', graph: pictureGraph() } as const;
    const request = {
      actor: rig.actor,
      door: 'native',
      body,
      options: {},
      idempotency: { key: 'once', bodyHash: 'h' },
    } as const;
    const outcomes = await Promise.all(Array.from({ length: 64 }, () => rig.calls.tasks.submit(request)));
    const ids = new Set(outcomes.map((outcome) => outcome.submitted.task_id));
    const [id = ''] = ids;
    await rig.ended(id as TaskId);

    expect(ids.size).toBe(1);
    expect(outcomes.filter((outcome) => !outcome.replayed)).toHaveLength(1);
    expect(rig.executions(id)).toBe(1);
    await expect(
      rig.calls.tasks.submit({ ...request, idempotency: { key: 'once', bodyHash: 'other' } }),
    ).rejects.toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
  });

  it('TQ13 a re-run is a new task with the same values and seed, and the old one keeps its results', async () => {
    const { submitted } = await rig.calls.tasks.submit({
      actor: rig.actor,
      door: 'native',
      body: { kind: 'workflow', workflowName: 'basic', parameters: { prompt: 'a cat', seed: -1 } },
      options: { priority: 7 },
    });
    const old = await rig.ended(submitted.task_id as TaskId);
    const again = await rig.calls.tasks.retry(rig.actor, old.task_id as TaskId);
    const fresh = await rig.ended(again.submitted.task_id as TaskId);

    expect(fresh.task_id).not.toBe(old.task_id);
    expect(fresh).toMatchObject({
      status: 'succeeded',
      seed: old.seed,
      parameters: old.parameters,
      priority: 7,
    });
    expect((await rig.load(old.task_id as TaskId)).results).toEqual([
      expect.objectContaining({ asset_id: old.results[0]?.asset_id }),
    ]);
  });

  it('WF23 a seed of 2^64 − 1 reaches the worker as it was written', async () => {
    const graph = samplerGraph(2);
    const written = parseLosslessJson(
      JSON.stringify(graph).replace(/"seed":\d+/, '"seed":18446744073709551615'),
    );
    const { submitted } = await rig.calls.tasks.submit({
      actor: rig.actor,
      door: 'native',
      body: { kind: 'graph', graph: written },
      options: {},
    });
    const task = await rig.ended(submitted.task_id as TaskId);
    const answer = await fetch(`${rig.simulator.url}/history/${task.prompt_id}`);

    expect(task.status).toBe('succeeded');
    expect(await answer.text()).toContain('"seed": 18446744073709551615');
  });

  it('TQ3 a priority is stored with the task and decides who is next', async () => {
    const busy = [await rig.submit(sleepGraph(0.3)), await rig.submit(sleepGraph(0.1))];
    const low = await rig.submit(pictureGraph(), { priority: 2 });
    const high = await rig.submit(pictureGraph(), { priority: 9 });
    const stored = await Promise.all([low, high].map((id) => rig.load(id)));
    for (const id of [...busy, low, high]) await rig.ended(id);
    const starts = rig.simulator.ledger
      .lines()
      .filter((line) => line.event === 'execution_start')
      .map((line) => line.task);

    expect(stored.map((task) => task.priority)).toEqual([2, 9]);
    expect(starts.indexOf(high)).toBeLessThan(starts.indexOf(low));
  });

  it('TQ14 a task keeps who, what, where and when', async () => {
    const task = await rig.run(pictureGraph(), { name: 'a name' });

    expect(task).toMatchObject({
      name: 'a name',
      owner_id: rig.actor.id,
      worker_name: 'gpu-1',
      attempt_count: 1,
      priority: 5,
      error: null,
    });
    const times = [task.created_at, task.started_at, task.completed_at].map((text) => Date.parse(text ?? ''));
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(task.prompt_id).toBe(task.attempts[0]?.prompt_id);
  });

  it('P3 TQ2 the events of a task follow one another legally, from acceptance to one end', async () => {
    const task = await rig.run(pictureGraph());
    const events = await rig.calls.tasks.loadEvents(rig.actor, task.task_id as TaskId, 0);

    expect(events.map((event) => event.type)).toEqual([
      'task.accepted',
      'task.queued',
      'attempt.claimed',
      'attempt.submitted',
      'attempt.started',
      'attempt.ended',
      'task.succeeded',
    ]);
  });
});
