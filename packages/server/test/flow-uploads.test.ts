import { Buffer } from 'node:buffer';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AssetId, Task, TaskId } from '@comfleet/contract';
import type { LedgerLine, Simulator } from '@comfleet/simulator';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { FlowRig, pictureGraph } from './kit/flow-rig.ts';

let rig: FlowRig;
/** Two complete pictures of the same size in different colours. */
let red: Buffer;
let blue: Buffer;

beforeAll(async () => {
  const image = [[], { image_upload: true }];
  const info = { input: { required: { image } }, output: ['IMAGE', 'MASK'] };
  const classes = { PackPicture: { info, actsAs: 'LoadImage' } };
  rig = await FlowRig.open({ simulators: [{ maxUploadBytes: 1024 ** 2, classes }, { classes }] });
  red = await rig.bytes((await rig.run(pictureGraph())).task_id);
  blue = await rig.bytes((await rig.run(pictureGraph())).task_id);
});
afterAll(() => rig.close());
afterEach(() => {
  for (const simulator of rig.simulators) simulator.control.clear();
});

async function* once(bytes: Uint8Array) {
  yield bytes;
}

const upload = async (name: string, bytes: Uint8Array): Promise<string> => {
  const request = { name, contentType: 'image/png', bytes: once(bytes), accept: 'any' } as const;
  return (await rig.calls.assets.create(rig.actor, request)).asset.id;
};

const assetOf = (id: string) => ({ __type: 'core/ASSET', info: { id } });

/** LoadImage → SaveImage of an uploaded file. */
const loadGraph = (image: unknown) => ({
  '1': { class_type: 'LoadImage', inputs: { image } },
  '2': { class_type: 'SaveImage', inputs: { filename_prefix: 'loaded', images: ['1', 0] } },
});

const linesOf = (simulator: Simulator, event: LedgerLine['event']) =>
  simulator.ledger.lines().filter((line) => line.event === event);

const simulatorOf = (task: Task): Simulator => {
  const simulator = rig.simulators[Number(task.worker_name?.slice(-1)) - 1];
  if (!simulator) throw new Error(`no simulator is ${task.worker_name}`);
  return simulator;
};

/** The bytes that a node of a finished task had as input, from the graph that its worker executed. */
async function loadInput(task: Task, nodeId = '1'): Promise<Buffer | undefined> {
  const simulator = simulatorOf(task);
  const history = await (await fetch(`${simulator.url}/history/${task.prompt_id}`)).json();
  return simulator.files.read('input', history[task.prompt_id ?? ''].prompt[2][nodeId].inputs.image)?.bytes;
}

describe('files that a task needs', () => {
  it('WF18 RS15 go to the second worker too when the first one fails, and only then the prompt', async () => {
    const graph = loadGraph(assetOf(await upload('in.png', red)));
    for (const simulator of rig.simulators) simulator.control.set({ name: 'disk_full' });
    const task = await rig.run(graph, { max_attempts: 4 });
    const [first, second] = task.attempts.map((attempt) => attempt.worker_name);
    const eventsOf = (simulator: Simulator) =>
      simulator.ledger
        .lines()
        .filter((line) => line.event === 'upload' || line.task === task.task_id)
        .map((line) => line.event)
        .filter((event) => event === 'upload' || event === 'prompt_accepted');

    expect(task).toMatchObject({ status: 'succeeded' });
    expect(second).not.toBe(first);
    for (const simulator of rig.simulators)
      expect(eventsOf(simulator).slice(0, 2)).toEqual(['upload', 'prompt_accepted']);
    expect(await loadInput(task)).toEqual(red);
  });

  it('WF18 goes to the worker too where the loader of a pack names it', async () => {
    await upload('of-a-pack.png', red);
    const graph = loadGraph('of-a-pack.png');
    graph['1'].class_type = 'PackPicture';

    expect(await rig.run(graph)).toMatchObject({ status: 'succeeded' });
  });

  it('cannot be deleted while a task waits for them, run again or for the first time', async () => {
    const id = await upload('kept.png', red);
    const first = await rig.run(loadGraph(assetOf(id)));
    for (const { id: worker } of rig.app.fleet.list())
      await rig.app.fleet.override(worker, { maintenance: true });
    const { submitted } = await rig.calls.tasks.retry(rig.actor, first.task_id as TaskId);
    const remove = () => rig.calls.assets.remove(rig.actor, id as AssetId);
    const refused = remove();

    await expect(refused).rejects.toMatchObject({ code: 'CONFLICT', details: { reason: 'asset_in_use' } });
    for (const { id: worker } of rig.app.fleet.list())
      await rig.app.fleet.override(worker, { maintenance: false });
    expect((await rig.ended(submitted.task_id)).status).toBe('succeeded');
    await remove();
  });

  it('RS15 two tasks at once with different files of one name each get their own', async () => {
    const ids = [await upload('same.png', red), await upload('same.png', blue)];
    const submitted: TaskId[] = [];
    for (let round = 0; round < 4; round += 1)
      for (const id of ids) submitted.push(await rig.submit(loadGraph(assetOf(id))));
    const tasks = await Promise.all(submitted.map((id) => rig.ended(id)));
    const inputs = await Promise.all(tasks.map((task) => loadInput(task)));

    expect(
      inputs.map((bytes) => (bytes?.equals(red) ? 'red' : bytes?.equals(blue) ? 'blue' : 'other')),
    ).toEqual(Array.from({ length: 4 }, () => ['red', 'blue']).flat());
  });

  it('WF18 a file above one worker’s limit runs on the worker that takes it', async () => {
    const large = Buffer.concat([red, Buffer.alloc(1.5 * 1024 ** 2)]);
    const task = await rig.run(loadGraph(assetOf(await upload('large.png', large))), { max_attempts: 4 });

    expect(task).toMatchObject({ status: 'succeeded', worker_name: 'gpu-2' });
    expect(linesOf(rig.simulator, 'upload').every((line) => Number(line.bytes) < large.length)).toBe(true);
    expect((await loadInput(task))?.length).toBe(large.length);
  });

  it('WF18 masks follow as pictures do', async () => {
    const [picture, mask] = [await upload('picture.png', red), await upload('mask.png', blue)];
    const task = await rig.run({
      ...loadGraph(assetOf(picture)),
      '3': { class_type: 'LoadImageMask', inputs: { image: assetOf(mask), channel: 'red' } },
      '4': { class_type: 'PreviewAny', inputs: { source: ['3', 0] } },
    });

    expect(task.error).toBeNull();
    expect(await loadInput(task, '1')).toEqual(red);
    expect(await loadInput(task, '3')).toEqual(blue);
  });

  it('WF18 a file in a folder below the input folder is taken from there by its path', async () => {
    await mkdir(join(rig.folder, 'input', 'sets', 'a'), { recursive: true });
    await writeFile(join(rig.folder, 'input', 'sets', 'a', 'in.png'), blue);
    const task = await rig.run(loadGraph('sets/a/in.png'));

    expect(await loadInput(task)).toEqual(blue);
  });
});
