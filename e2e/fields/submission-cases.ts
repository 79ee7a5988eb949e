import type { Json } from '@comfleet/test-kit/server';
import { expect } from 'vitest';
import { picture } from '../support/graphs.ts';
import type { Cases, Proof, Stage } from './stage.ts';

/** The graph that a worker ran for a task. */
async function loadRun(stage: Stage, task: Json): Promise<Json> {
  return (await stage.server.loadExecuted(task.prompt_id)).graph;
}

/** Proves that a parameter of a flat body reaches the input that the workflow maps it to. */
function reaches(route: string, name: string, value: unknown, node: string, input: string): Proof {
  return async (stage) => {
    const task = await stage.run(route, { [name]: value });
    const arrived = (await loadRun(stage, task))[node].inputs[input];
    // File names are made unique for each attempt.
    expect(typeof arrived === 'string' ? arrived.replace(/~\w+$/, '') : arrived).toBe(value);
  };
}

const flat = (route: string) => ({
  'body.prompt': reaches(route, 'prompt', 'a boat', '2', 'filename_prefix'),
  'body.negative_prompt': reaches(route, 'negative_prompt', 'a fog', '3', 'filename_prefix'),
  'body.width': reaches(route, 'width', 80, '1', 'width'),
  'body.height': reaches(route, 'height', 88, '1', 'height'),
  'body.seed': reaches(route, 'seed', 7, '1', 'color'),
});

const TASKS = '/api/v2/tasks';
const BATCHES = '/api/v2/batches';
const refuseTask = (stage: Stage, names: string, body: Json) =>
  stage.refuses(`POST ${TASKS}`, { status: 400, names, body });
const refuseBatch = (stage: Stage, names: string, body: Json) =>
  stage.refuses(`POST ${BATCHES}`, { status: 400, names: `"path":"${names}"`, body });

/** Runs a batch; returns its ended tasks in order. */
async function runBatch(stage: Stage, body: Json): Promise<Json[]> {
  const { batch_id: id, task_ids: ids } = await stage.get(`POST ${BATCHES}`, body);
  for (const task of ids) await stage.server.finish(stage.token, task);
  return (await stage.get(`GET ${BATCHES}/${id}`)).tasks;
}

const named = { workflow_name: 'plain_text_to_image' };

const batch: Readonly<Record<string, Proof>> = {
  'body.task_type': async (stage) => {
    const [task] = await runBatch(stage, { task_type: 'text_to_image_sdxl', tasks: [{}] });
    expect(task?.workflow_name).toBe('plain_text_to_image_sdxl');
    await refuseBatch(stage, 'task_type', { task_type: 'custom', graph: picture(), tasks: [{}] });
  },
  'body.parameters': async (stage) => {
    const [task] = await runBatch(stage, { ...named, parameters: { width: 96 }, tasks: [{}] });
    expect(task?.parameters.width).toBe(96);
    await refuseBatch(stage, 'parameters', { graph: picture(), parameters: { width: 96 }, tasks: [{}] });
  },
  'body.graph': async (stage) => {
    const [task] = await runBatch(stage, { graph: picture(72), tasks: [{}] });
    expect((await loadRun(stage, task ?? {}))['1'].inputs.width).toBe(72);
    await refuseBatch(stage, 'graph', { ...named, graph: picture(), tasks: [{}] });
  },
  'body.tasks': async (stage) => {
    expect(await runBatch(stage, { ...named, tasks: [{}, {}, {}] })).toHaveLength(3);
    await refuseBatch(stage, 'tasks', named);
  },
  'body.tasks[].parameters': async (stage) => {
    const items = [{ parameters: { width: 100 } }, { parameters: { width: 108 } }];
    const tasks = await runBatch(stage, { ...named, tasks: items });
    expect(tasks.map((task) => task.parameters.width)).toEqual([100, 108]);
    await refuseBatch(stage, 'tasks.1.parameters', { graph: picture(), tasks: [{}, { parameters: {} }] });
  },
  'body.tasks[].name': async (stage) => {
    const tasks = await runBatch(stage, { ...named, name: 'all', tasks: [{ name: 'first' }, {}] });
    expect(tasks.map((task) => task.name)).toEqual(['first', 'all']);
  },
  'body.tasks[].updates': updatesWidth,
  'body.tasks[].updates[].node_id': updatesWidth,
  'body.tasks[].updates[].input_name': updatesWidth,
  'body.tasks[].updates[].value': updatesWidth,
  'body.descriptions': async (stage) => {
    const body = { ...named, descriptions: ['a cat', 'a dog'], images_per_description: 1 };
    const tasks = await runBatch(stage, body);
    expect(tasks.map((task) => task.parameters.prompt)).toEqual(['a cat', 'a dog']);
    await refuseBatch(stage, 'descriptions', { ...named, tasks: [{}], descriptions: ['a cat'] });
    await refuseBatch(stage, 'descriptions', { graph: picture(), descriptions: ['a cat'] });
  },
  'body.images_per_description': async (stage) => {
    const body = { ...named, descriptions: ['a cat'], images_per_description: 3 };
    expect(await runBatch(stage, body)).toHaveLength(3);
    await refuseBatch(stage, 'images_per_description', { ...named, tasks: [{}], images_per_description: 3 });
  },
  'body.fixed_seed': async (stage) => {
    const seeds = async (more: Json) => {
      const workflow = {
        workflow_name: 'sd_basic',
        parameters: { prompt: 'a cat', steps: 1 },
        workers: ['gpu-1'],
      };
      const { task_ids: ids } = await stage.get(`POST ${BATCHES}`, { ...workflow, tasks: [{}, {}], ...more });
      const tasks = await Promise.all(ids.map((id: string) => stage.get(`GET ${TASKS}/${id}`)));
      return new Set(tasks.map((task) => task.seed)).size;
    };
    expect([await seeds({}), await seeds({ fixed_seed: true })]).toEqual([2, 1]);
    await refuseBatch(stage, 'fixed_seed', { graph: picture(), tasks: [{}], fixed_seed: true });
  },
};

/** Proves four fields that work together: which input of which graph node gets which value. */
async function updatesWidth(stage: Stage): Promise<void> {
  const updates = [{ node_id: '1', input_name: 'width', value: 112 }];
  const [task] = await runBatch(stage, { graph: picture(), tasks: [{ updates }] });
  expect((await loadRun(stage, task ?? {}))['1'].inputs).toMatchObject({ width: 112, height: 64 });
  const wrong = { ...named, tasks: [{ updates: [{ ...updates[0], node_id: 'no-such-node' }] }] };
  await stage.refuses(`POST ${BATCHES}`, { status: 422, names: 'no-such-node', body: wrong });
}

const tasks: Readonly<Record<string, Proof>> = {
  'body.task_type': async (stage) => {
    const task = await stage.run(TASKS, { task_type: 'text_to_image_sdxl' });
    expect(task.workflow_name).toBe('plain_text_to_image_sdxl');
    await refuseTask(stage, 'task_type', { task_type: 'custom', graph: picture() });
  },
  'body.parameters': async (stage) => {
    const task = await stage.run(TASKS, { ...named, parameters: { width: 120 } });
    expect((await loadRun(stage, task))['1'].inputs.width).toBe(120);
    await refuseTask(stage, 'parameters', { graph: picture(), parameters: { width: 120 } });
  },
  'body.graph': async (stage) => {
    const task = await stage.run(TASKS, { graph: picture(128) });
    expect((await loadRun(stage, task))['1'].inputs.width).toBe(128);
    await refuseTask(stage, 'graph', { ...named, graph: picture() });
  },
  'body.trial': async (stage) => {
    const { task_id: id } = await stage.run(TASKS, { graph: picture(144), trial: true });
    const { tasks: listed } = await stage.get(`GET ${TASKS}`);
    expect(listed.map((task: Json) => task.task_id)).not.toContain(id);
  },
  'body.extra_data': async (stage) => {
    const task = await stage.run(TASKS, { graph: picture(136), extra_data: { mark: 'of-this-task' } });
    const { text } = await stage.server.loadExecuted(task.prompt_id);
    expect(text).toContain('"mark": "of-this-task"');
  },
};

export const submissionCases: Cases = {
  [`POST ${TASKS}`]: tasks,
  [`POST ${BATCHES}`]: batch,
  'POST /api/v2/tasks/text-to-image': flat('/api/v2/tasks/text-to-image'),
  'POST /api/v2/tasks/text-to-image-sdxl': flat('/api/v2/tasks/text-to-image-sdxl'),
  'POST /api/v2/tasks/image-to-video': flat('/api/v2/tasks/image-to-video'),
};
