import type { BatchId, TaskId } from '@comfleet/contract';
import { toTaskSentence } from '@comfleet/contract/texts/tasks';
import { openSimulator, type SimulatedModel } from '@comfleet/simulator';
import { expect, it, onTestFinished } from 'vitest';
import { FlowRig } from './kit/flow-rig.ts';
import { TEST_MODEL, TEST_WORKFLOWS } from './kit/flow-workflows.ts';

function model(name: string, architecture?: string): SimulatedModel {
  const metadata = architecture === undefined ? {} : { metadata: { 'modelspec.architecture': architecture } };
  return { name, loadMs: 5, vramMegabytes: 100, ...metadata };
}

const FLUX = model('all.safetensors', 'flux-1-dev');
const INPAINT = model('brush.safetensors', 'stable-diffusion-v1/inpainting');
const PHOTO = model('photo.safetensors', 'stable-diffusion-v1');
const MINE = model('mine.safetensors');

/** A server with one worker per list of models. */
async function open(...models: SimulatedModel[][]): Promise<FlowRig> {
  const simulators = models.map((own) => ({ models: own }));
  const rig = await FlowRig.open({ simulators, config: { task_types: TEST_WORKFLOWS } });
  onTestFinished(() => rig.close());
  return rig;
}

function submit(rig: FlowRig, parameters: Record<string, unknown> = {}) {
  return rig.calls.tasks.submit({
    actor: rig.actor,
    door: 'native',
    body: { kind: 'workflow', workflowName: 'basic', parameters: { prompt: 'a pier', ...parameters } },
    options: {},
  });
}

/** The checkpoint of the task's stored graph. */
async function storedCheckpoint(rig: FlowRig, id: string): Promise<unknown> {
  const text = await rig.calls.tasks.loadGraphText(rig.actor, id as TaskId);
  return JSON.parse(text)['4'].inputs.ckpt_name;
}

it('TD13 a checkpoint that no worker has is replaced by one of its kind, which is reported and stored', async () => {
  const rig = await open([FLUX, INPAINT, PHOTO]);

  const { submitted } = await submit(rig);
  const task = await rig.ended(submitted.task_id);

  expect(submitted.warnings).toEqual([
    'checkpoint: no worker has "v1-5-pruned-emaonly-fp16.safetensors"; "photo.safetensors" of the same kind is used',
  ]);
  expect(task.warning_texts?.map(toTaskSentence)).toEqual(submitted.warnings);
  expect(task).toMatchObject({ status: 'succeeded', parameters: { checkpoint: 'photo.safetensors' } });
  expect(await storedCheckpoint(rig, submitted.task_id)).toBe('photo.safetensors');
});

it('TD13 a re-run keeps the replacement, although the workflow would choose another one now', async () => {
  const rig = await open([PHOTO]);
  const first = await rig.ended((await submit(rig)).submitted.task_id);
  const richer = await openSimulator({ models: [PHOTO, TEST_MODEL] });
  onTestFinished(() => richer.close());
  await rig.ask('POST', '/api/fleet/workers', { body: { url: richer.url } });
  await rig.whenOnline();

  const again = await rig.calls.tasks.retry(rig.actor, first.task_id as TaskId);
  const other = await submit(rig);

  expect(await storedCheckpoint(rig, again.submitted.task_id)).toBe('photo.safetensors');
  expect(await storedCheckpoint(rig, other.submitted.task_id)).toBe(TEST_MODEL.name);
});

it('TD13 a form has the files of the fleet, with the replacement as its default', async () => {
  const rig = await open([FLUX], [PHOTO]);

  const workflow = await rig.calls.workflows.load(rig.actor, 'basic');

  expect(workflow).toMatchObject({ available: true, missing: [] });
  expect(workflow.parameters.find(({ name }) => name === 'checkpoint')).toMatchObject({
    options: ['all.safetensors', 'photo.safetensors'],
    names_model: true,
    default_value: 'photo.safetensors',
    required: false,
  });
});

it('TD13 where nothing of its kind is known for sure the user is asked, and the choice is checked', async () => {
  const rig = await open([FLUX, MINE]);

  await expect(submit(rig)).rejects.toMatchObject({
    code: 'INVALID_PARAMETERS',
    details: { problems: [{ parameter: 'checkpoint', code: 'choose_model' }] },
  });
  const check = (checkpoint: unknown) =>
    rig.calls.workflows.validate(rig.actor, 'basic', { prompt: 'a pier', checkpoint });
  expect(await check(null)).toMatchObject({ valid: false, available: false });
  expect(await check('gone.safetensors')).toMatchObject({ available: false, missing: ['gone.safetensors'] });
  expect(await check('mine.safetensors')).toMatchObject({ valid: true, available: true, missing: [] });
  const { submitted } = await submit(rig, { checkpoint: 'mine.safetensors' });
  expect((await rig.ended(submitted.task_id)).status).toBe('succeeded');
});

/** A server without workers. */
async function openUnknown(): Promise<FlowRig> {
  const rig = await FlowRig.open({ simulators: [], config: { task_types: TEST_WORKFLOWS } });
  onTestFinished(() => rig.close());
  return rig;
}

/** Adds a ComfyUI with these models. */
async function arrive(rig: FlowRig, models: SimulatedModel[]): Promise<void> {
  const simulator = await openSimulator({ models });
  onTestFinished(() => simulator.close());
  await rig.ask('POST', '/api/fleet/workers', { body: { url: simulator.url } });
  await rig.whenOnline();
}

it('TD13 accepted before any worker was known, it is replaced when the first one joins, reported and kept', async () => {
  const rig = await openUnknown();
  const { submitted } = await submit(rig);
  expect(await rig.load(submitted.task_id)).toMatchObject({ held_reason: 'no_worker_known' });

  await arrive(rig, [FLUX, PHOTO]);
  const task = await rig.ended(submitted.task_id);
  await arrive(rig, [TEST_MODEL]);
  const again = await rig.calls.tasks.retry(rig.actor, task.task_id as TaskId);

  expect(task).toMatchObject({ status: 'succeeded', parameters: { checkpoint: 'photo.safetensors' } });
  expect(task.warning_texts?.map(toTaskSentence)).toEqual([
    'checkpoint: no worker has "v1-5-pruned-emaonly-fp16.safetensors"; "photo.safetensors" of the same kind is used',
  ]);
  expect(task.attempts[0]?.fingerprint?.models).toMatchObject([{ name: 'photo.safetensors' }]);
  expect(await storedCheckpoint(rig, submitted.task_id)).toBe('photo.safetensors');
  expect(await storedCheckpoint(rig, again.submitted.task_id)).toBe('photo.safetensors');
});

it('TD13 a file that a request names is not replaced, though no worker was known when it came', async () => {
  const rig = await openUnknown();
  const named = await submit(rig, { checkpoint: TEST_MODEL.name });
  const update = { node_id: '4', input_name: 'ckpt_name', value: TEST_MODEL.name };
  const { batch } = await rig.calls.batches.submit(rig.actor, {
    workflow_name: 'basic',
    tasks: [{ parameters: { prompt: 'a pier' }, updates: [update] }],
  });
  const { tasks } = await rig.calls.batches.load(rig.actor, batch.batch_id as BatchId);

  await arrive(rig, [PHOTO]);

  for (const id of [named.submitted.task_id, ...tasks.map((task) => task.task_id)]) {
    expect((await rig.ended(id)).status).toBe('failed');
    expect(await storedCheckpoint(rig, id)).toBe(TEST_MODEL.name);
  }
});

it('TD13 the default stays when the first worker has it', async () => {
  const rig = await openUnknown();
  const { submitted } = await submit(rig);

  await arrive(rig, [PHOTO, TEST_MODEL]);
  const task = await rig.ended(submitted.task_id);

  expect(task).toMatchObject({ status: 'succeeded', warning_texts: [] });
  expect(await storedCheckpoint(rig, submitted.task_id)).toBe(TEST_MODEL.name);
});

it('TD13 run again before any worker joined, it is replaced when one does', async () => {
  const rig = await openUnknown();
  const { submitted } = await submit(rig);
  await rig.calls.tasks.cancel(rig.actor, submitted.task_id as TaskId);
  const held = await rig.calls.tasks.retry(rig.actor, submitted.task_id as TaskId);

  await arrive(rig, [PHOTO]);
  const retried = await rig.calls.tasks.retry(rig.actor, submitted.task_id as TaskId);

  await rig.ended(held.submitted.task_id);
  expect(retried.submitted.warnings).toHaveLength(1);
  expect(await storedCheckpoint(rig, held.submitted.task_id)).toBe('photo.safetensors');
  expect(await storedCheckpoint(rig, retried.submitted.task_id)).toBe('photo.safetensors');
});

it('TD13 the replacement is chosen while the batch is paused, and runs when it is resumed', async () => {
  const rig = await openUnknown();
  const body = { workflow_name: 'basic', tasks: [{ parameters: { prompt: 'a pier' } }] };
  const { batch } = await rig.calls.batches.submit(rig.actor, body);
  const id = batch.batch_id as BatchId;
  await rig.calls.batches.change(rig.actor, id, 'pause');
  const [task] = (await rig.calls.batches.load(rig.actor, id)).tasks;
  const taskId = task?.task_id ?? '';

  await arrive(rig, [PHOTO]);
  const watch = rig.watch(taskId, 0);
  await watch.wait((frame) => frame.kind === 'event' && frame.event.held_reason === 'batch_paused');
  watch.stop();
  await rig.calls.batches.change(rig.actor, id, 'resume');

  expect(await rig.ended(taskId)).toMatchObject({
    status: 'succeeded',
    parameters: { checkpoint: 'photo.safetensors' },
  });
});

it('TD13 if only a worker that is away has the file, one in service replaces it; a task that names it waits and says for whom', async () => {
  const rig = await open([PHOTO], [TEST_MODEL]);
  await rig.simulators[1]?.close();
  await rig.whenFleet((fleet) => fleet.findByName('gpu-2')?.snapshot().health === 'offline');

  const free = await submit(rig);
  const asked = await submit(rig, { checkpoint: TEST_MODEL.name });
  const { message, waiting } = await rig.calls.tasks.explain(rig.actor, asked.submitted.task_id as TaskId);

  expect(free.submitted.warnings).toEqual([
    'checkpoint: only workers that are away have "v1-5-pruned-emaonly-fp16.safetensors"; "photo.safetensors" of the same kind is used',
  ]);
  expect((await rig.ended(free.submitted.task_id)).status).toBe('succeeded');
  expect(message).toContain('No worker that is there can run it; it waits for gpu-2.');
  expect(waiting?.workers[1]?.trouble?.since).toBeDefined();
});
