import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringifyLosslessJson } from '@comfleet/comfyui';
import { formatDefinitionProblem, workflowSchema } from '@comfleet/contract';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseTaskTypes } from '../../app/settings.ts';
import { Scope } from '../../platform/lifecycle/scope.ts';
import { silentLogger } from '../../platform/logging/logger.ts';
import { systemClock } from '../../platform/time/clock.ts';
import { bindParameters } from './bind-parameters.ts';
import type { WorkflowSourceSet } from './merge-sources.ts';
import type { StandIn } from './model-choices.ts';
import { openWorkflowLibrary, type WorkflowLibrary } from './workflow-library.ts';
import { type FormFacts, toWorkflowView } from './workflow-view.ts';

const SHIPPED = fileURLToPath(new URL('../../../../../examples/workflows/workflows.yaml', import.meta.url));
const GRAPH =
  '{"1":{"class_type":"EmptyImage","inputs":{"width":512,"color":1.0}},"2":{"class_type":"SaveImage","inputs":{"images":["1",0],"filename_prefix":"x"}}}';
const UI_FILE = '{"last_node_id": 2, "nodes": [{"id": 1, "type": "EmptyImage"}], "links": []}';

let folder: string;
let scope: Scope;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'workflows-'));
  scope = new Scope('test', systemClock, silentLogger);
});

afterEach(async () => {
  await scope.close();
  await rm(folder, { recursive: true });
});

function open(...sources: WorkflowSourceSet[]) {
  return openWorkflowLibrary(scope, { logger: silentLogger, clock: systemClock }, sources);
}

async function readShipped() {
  return {
    taskTypes: parseTaskTypes(await readFile(SHIPPED, 'utf8'), SHIPPED),
    baseFolder: '/',
    definedIn: [SHIPPED],
  };
}

/** A source with one workflow `w` of the type `t`, its graph in `g.json`. */
function readYaml(rest: string) {
  const text = `task_types: {t: {workflows: {w: {workflow_file: g.json, ${rest}}}}}`;
  return { taskTypes: parseTaskTypes(text, join(folder, 'c.yaml')), baseFolder: folder, definedIn: [] };
}

async function openOne(rest: string, graph = GRAPH): Promise<WorkflowLibrary> {
  await writeFile(join(folder, 'g.json'), graph);
  return open(readYaml(rest));
}

describe('the shipped workflows', () => {
  it('WF9 all load without a problem, with their defaults, and two types are reserved', async () => {
    const library = await open(await readShipped());
    expect(library.problems()).toEqual([]);
    expect(library.list().map(({ name }) => name)).toEqual([
      'sd_basic',
      'sdxl_basic',
      'image_to_video_basic',
      'solid_color',
      'invert_image',
    ]);
    expect(library.findDefault('text_to_image')?.name).toBe('sd_basic');
    expect(library.taskTypes().slice(3)).toMatchObject([
      { name: 'custom', enabled: true, defaultWorkflow: 'solid_color', reserved: false },
      { name: 'text_to_audio', enabled: false, defaultWorkflow: null, reserved: true },
      { name: 'image_to_3d', enabled: false, defaultWorkflow: null, reserved: true },
    ]);
  });

  it.each([
    ['sd_basic', '5', '"width":512,"height":512'],
    ['sdxl_basic', '5', '"width":1024,"height":1024'],
  ])('WF9 %s starts from its documented size', async (name, nodeId, expected) => {
    const definition = (await open(await readShipped())).find(name);
    if (definition === null) throw new Error(`${name} is missing`);
    const bound = bindParameters(definition, { prompt: 'a boat' }, { drawSeed: () => '1' });
    expect(bound.ok && stringifyLosslessJson(bound.graph[nodeId]?.inputs)).toContain(expected);
  });

  it('API6 image_to_video_basic takes image_path, 30 seconds and 30 frames per second', async () => {
    const definition = (await open(await readShipped())).find('image_to_video_basic');
    if (definition === null) throw new Error('image_to_video_basic is missing');
    const values = { image_path: 'boat.png', duration: 30, fps: 30 };
    const bound = bindParameters(definition, values, { drawSeed: () => '1' });
    if (!bound.ok) throw new Error(JSON.stringify(bound.problems));
    expect(stringifyLosslessJson(bound.graph['3']?.inputs)).toContain('"video_frames":900');
    expect(stringifyLosslessJson(bound.graph['3']?.inputs)).toContain('"fps":30');
    expect(stringifyLosslessJson(bound.graph['7']?.inputs)).toContain('"fps":30');
    expect(bound.images[0]?.value).toBe('boat.png');
  });

  it('WF11 every one has a view of the contract, presets and defaults included', async () => {
    const library = await open(await readShipped());
    const facts: FormFacts = { choices: () => null, findStandIn: () => ({ kind: 'none' }) };
    const views = library
      .list()
      .map((definition) => toWorkflowView(definition, { available: true, missing: [] }, facts));
    for (const view of views) expect(workflowSchema.parse(view)).toEqual(view);
    const checkpoint = views[0]?.parameters.find(({ name }) => name === 'checkpoint');
    expect(checkpoint?.default_value).toBe('v1-5-pruned-emaonly-fp16.safetensors');
    expect(views[2]?.presets?.length).toEqual({
      short: { duration: 2 },
      medium: { duration: 3 },
      long: { duration: 6 },
    });
  });
});

it('TD13 the form of a workflow has the files of the fleet, and what stands in for the one of the graph', async () => {
  const library = await open(await readShipped());
  const [workflow] = library.list();
  if (!workflow) throw new Error('no workflow');
  const files = [
    { name: 'a.ckpt', isOnline: false },
    { name: 'b.ckpt', isOnline: true },
  ];
  const view = (standIn: StandIn) =>
    toWorkflowView(
      workflow,
      { available: true, missing: [] },
      {
        choices: ({ modelKind }) => (modelKind === 'sd1' ? files : null),
        findStandIn: ({ modelKind }) => (modelKind === 'sd1' ? standIn : { kind: 'none' }),
      },
    ).parameters.find(({ name }) => name === 'checkpoint');

  const options = ['a.ckpt', 'b.ckpt'];
  const instead = 'v1-5-pruned-emaonly-fp16.safetensors';
  expect(view({ kind: 'none' })).toMatchObject({ options, names_model: true, default_value: instead });
  expect(view({ kind: 'none' })?.options_away).toEqual(['a.ckpt']);
  expect(view({ kind: 'file', name: 'b.ckpt', instead })).toMatchObject({
    options,
    required: false,
    default_value: 'b.ckpt',
  });
  expect(view({ kind: 'unclear', instead, known: options })).toMatchObject({
    options,
    required: true,
    default_value: null,
  });
});

describe('the settings of a task type', () => {
  const read = (text: string) => ({
    taskTypes: parseTaskTypes(`task_types: {t: ${text}}`, join(folder, 'c.yaml')),
    baseFolder: folder,
    definedIn: [],
  });

  it('WF10 without settings it is on, without a limit, and leaves priority to the default', async () => {
    const library = await open(read('{}'));

    expect(library.findTaskType('t')).toMatchObject({
      enabled: true,
      maxConcurrentTasks: null,
      priority: null,
    });
    expect(library.findTaskType('unheard of')).toBeNull();
  });

  it('WF10 a later source replaces what it writes and leaves the rest', async () => {
    const library = await open(read('{priority: 3, max_concurrent_tasks: 2}'), read('{priority: 9}'));

    expect(library.findTaskType('t')).toMatchObject({ priority: 9, maxConcurrentTasks: 2 });
  });

  it('WF10 a limit written as null removes that of an earlier source', async () => {
    const library = await open(read('{max_concurrent_tasks: 2}'), read('{max_concurrent_tasks: null}'));

    expect(library.findTaskType('t')?.maxConcurrentTasks).toBeNull();
  });

  it.each(['priority: 0', 'priority: 11', 'max_concurrent_tasks: 0', 'max_concurrent_tasks: 1.5'])(
    'WF10 %s is refused',
    (setting) => {
      expect(() => read(`{${setting}}`)).toThrow();
    },
  );
});

describe('what a load refuses', () => {
  it('WF16 a file of the ComfyUI page is refused and "Export (API)" named', async () => {
    const library = await openOne('version: "1"', UI_FILE);
    expect(library.list()).toEqual([]);
    expect(library.problems().map((problem) => formatDefinitionProblem(problem))).toEqual([
      `${join(folder, 'g.json')} workflow "w": This is a workflow as the ComfyUI page saves it. Export it there with "Export (API)" and send that file.`,
    ]);
  });

  it.each([
    ['a node', '{node_id: "9", input_name: width}', 'the graph has no node "9"'],
    ['an input', '{node_id: "1", input_name: widht}', 'has no input "widht"; it has: width, color'],
    ['the class', '{node_id: "1", input_name: class_type}', 'has no input "class_type"'],
    ['a prototype', '{node_id: "constructor", input_name: name}', 'the graph has no node "constructor"'],
    ['a free input', '{node_id: "2", input_name: images}', 'is a link, not a value'],
    ['any target', '{data_type: int}', 'has no node_id and input_name, and no derive uses it'],
    [
      'a further target',
      '{node_id: "1", input_name: width, targets: [{node_id: "3", input_name: a}]}',
      'no node "3"',
    ],
    [
      'an allowed default',
      '{node_id: "1", input_name: width, max: 9, default_value: 10}',
      'default_value: the largest',
    ],
    ['its source', '{node_id: "1", input_name: width, derive: {multiply: [a, b]}}', 'derive names "a"'],
  ])('WF6 a parameter without %s is an error at load', async (_what, parameter, expected) => {
    const library = await openOne(`parameter_mapping: {p: ${parameter}}`);
    expect(library.find('w')).toBeNull();
    expect(library.problems()[0]?.message).toContain(expected);
    expect(library.problems()[0]?.workflow).toBe('w');
  });

  it('WF13 a preset of a value that its parameter refuses is an error at load', async () => {
    const library = await openOne(
      'parameter_mapping: {p: {node_id: "1", input_name: width, max: 600}}, presets: {size: {big: {p: 601}}}',
    );
    expect(library.problems()[0]?.message).toContain('presets.size.big.p: the largest number allowed is 600');
  });

  it('WF19 an output node that the graph lacks is an error at load', async () => {
    const [problem] = (await openOne('primary_output_nodes: ["9"]')).problems();
    expect(problem?.message).toContain('the graph has no node "9"');
    expect((await openOne('primary_output_nodes: ["2"]')).find('w')?.primaryOutputNodes).toEqual(['2']);
  });

  it('a missing file and broken JSON are errors that name the file', async () => {
    const missing = await open(readYaml('version: "1"'));
    expect(missing.problems()[0]?.message).toBe(`there is no file ${join(folder, 'g.json')}`);
    const broken = await openOne('version: "1"', '{"1": ');
    expect(broken.problems()[0]).toMatchObject({ file: join(folder, 'g.json'), line: 1, column: 7 });
  });
});

describe('the position of a refused definition', () => {
  const YAML = `task_types:
  t:
    workflows:
      w:
        workflow_file: g.json
        parameter_mapping:
          width:
            node_id: "9"
            input_name: width
          color: { node_id: "1", input_name: color, max: 9, default_value: 10 }
`;

  async function listProblems(graph: string | null) {
    const file = join(folder, 'c.yaml');
    await writeFile(file, YAML);
    if (graph !== null) await writeFile(join(folder, 'g.json'), graph);
    const library = await open({
      taskTypes: parseTaskTypes(YAML, file),
      baseFolder: folder,
      definedIn: [join(folder, 'gone.yaml'), file],
    });
    return library
      .problems()
      .map((problem) => formatDefinitionProblem(problem))
      .map((line) => line.replaceAll(`${folder}/`, ''));
  }

  it('WF6 names line and column of the YAML key', async () => {
    expect(await listProblems(GRAPH)).toEqual([
      'c.yaml:8:13 workflow "w": parameter "width": the graph has no node "9"',
      'c.yaml:10:61 workflow "w": parameter "color": default_value: the largest number allowed is 9',
    ]);
  });

  it('WF6 names the key of a graph that is not there', async () => {
    expect(await listProblems(null)).toEqual(['c.yaml:5:9 workflow "w": there is no file g.json']);
  });

  it('names the place in a graph’s file that is no JSON, or no node', async () => {
    const [broken] = await listProblems('{\n  "1": { "class_type": "A", "inputs": {}, }\n}');
    expect(broken).toMatch(/^g\.json:2:43 workflow "w": this is no JSON from here on/);
    const graph = '{\n "1": { "class_type": "A", "inputs": {} },\n "2": { "class_type": "B" }\n}';
    expect(await listProblems(graph)).toEqual(['g.json:3:2 workflow "w": Node "2" has no inputs object']);
  });
});

describe('definitions', () => {
  it('WF2 a mapping without data_type takes the kind of the value in the graph', async () => {
    const library = await openOne(
      'parameter_mapping: {a: {node_id: 1, input_name: width, default_value: 640}, b: {node_id: "1", input_name: color}}',
    );
    const parameters = library.find('w')?.parameters.map(({ dataType, target }) => [dataType, target]);
    expect(parameters).toEqual([
      ['int', { nodeId: '1', inputName: 'width' }],
      ['float', { nodeId: '1', inputName: 'color' }],
    ]);
  });

  it('WF21 no merge strategy beside the documented one is offered', () => {
    expect(() => readYaml('merge_strategy: config_priority')).toThrow();
    expect(() => readYaml('version: "1"')).not.toThrow();
  });
});

describe('sources and reloads', () => {
  it('WF1 paths start at the folder of the source, and a file may have any name', async () => {
    await writeFile(join(folder, '文生图.json'), GRAPH);
    const definition = { workflow_file: '文生图.json' };
    const library = await open({
      taskTypes: { t: { workflows: { w: definition } } },
      baseFolder: folder,
      definedIn: [],
    });
    expect(library.findDefault('t')?.graphText).toBe(GRAPH);
  });

  it('a workflow of the configuration replaces a shipped one of its name', async () => {
    await writeFile(join(folder, 'g.json'), GRAPH);
    const own = { text_to_image: { workflows: { sd_basic: { workflow_file: 'g.json', version: 'mine' } } } };
    const library = await open(await readShipped(), { taskTypes: own, baseFolder: folder, definedIn: [] });
    expect(library.find('sd_basic')?.version).toBe('mine');
    expect(library.findDefault('text_to_image')?.version).toBe('mine');
    expect(library.list()).toHaveLength(5);
  });

  it('J1 a reload that breaks a workflow keeps its last good form and says why', async () => {
    const library = await openOne('version: "1"');
    await writeFile(join(folder, 'g.json'), '{"1": {');
    const outcome = await library.reload();
    expect(outcome.workflows).toBe(1);
    expect(outcome.problems).toHaveLength(1);
    expect(library.find('w')?.graphText).toBe(GRAPH);
    await writeFile(join(folder, 'g.json'), GRAPH.replace('512', '640'));
    expect(await library.reload()).toEqual({ workflows: 1, problems: [] });
    expect(library.find('w')?.graphText).toBe(GRAPH.replace('512', '640'));
  });

  it('a workflow taken out of the configuration is gone after a reload', async () => {
    const library = await openOne('version: "1"');
    expect(await library.reload([])).toEqual({ workflows: 0, problems: [] });
    expect(library.find('w')).toBeNull();
  });

  it('the version follows graph and definition, not spaces, paths or switches', async () => {
    const first = (await openOne('version: "1"')).find('w')?.versionId;
    const spaced = (await openOne('version: "1", enabled: false', GRAPH.replaceAll(',', ' , '))).find('w');
    const graph = (await openOne('version: "1"', GRAPH.replace('1.0', '1'))).find('w')?.versionId;
    const definition = (await openOne('version: "2"')).find('w')?.versionId;
    expect(first).toMatch(/^[0-9a-f]{64}$/);
    expect(spaced?.versionId).toBe(first);
    expect(spaced?.enabled).toBe(false);
    expect(new Set([first, graph, definition]).size).toBe(3);
  });
});
