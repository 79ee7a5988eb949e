import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  findNodeInfo,
  type Graph,
  type InputSpec,
  type ObjectInfo,
  parseGraph,
  readInputSpecs,
  validateGraph,
} from '@comfleet/comfyui';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import {
  definitionsSchema,
  listBindings,
  listValueProblems,
  type ParameterDefinition,
  parameterSchema,
  type WorkflowDefinition,
  workflowSchema,
} from './definitions.ts';

const folder = import.meta.dirname;
const objectInfoFile = join(folder, '../../packages/comfyui/test-data/object_info-0.3.64.json');
const definitions = definitionsSchema.parse(parse(readFileSync(join(folder, 'workflows.yaml'), 'utf8')));
const workflows = Object.values(definitions.task_types).flatMap((type) => Object.entries(type.workflows));

const groupSchema = z.record(z.string(), z.unknown()).optional();
const objectInfo: ObjectInfo = z
  .record(
    z.string(),
    z.object({
      input: z.object({ required: groupSchema, optional: groupSchema }),
      output: z.array(z.unknown()),
      output_node: z.boolean(),
    }),
  )
  .parse(JSON.parse(readFileSync(objectInfoFile, 'utf8')));

function readGraph(file: string): Graph {
  const parsed = parseGraph(JSON.parse(readFileSync(join(folder, file), 'utf8')));
  expect(parsed).toMatchObject({ ok: true });
  return parsed.ok ? parsed.graph : {};
}

/** The reference server's description of one input of a class. */
function readSpec(classType: string, inputName: string): InputSpec | undefined {
  const info = findNodeInfo(objectInfo, classType);
  return readInputSpecs(info ?? {}).find((spec) => spec.name === inputName);
}

function parametersOf(workflow: WorkflowDefinition): [string, ParameterDefinition][] {
  return Object.entries(workflow.parameter_mapping);
}

function workflowOf(taskType: string, name: string): WorkflowDefinition {
  return workflowSchema.parse(definitions.task_types[taskType]?.workflows[name]);
}

describe('the shipped workflows', () => {
  it('WF9 cover the documented task types and reserve two more', () => {
    const defaults = Object.entries(definitions.task_types).map(([type, entry]) => [
      type,
      entry.enabled,
      entry.default_workflow,
      Object.keys(entry.workflows),
    ]);
    expect(defaults).toEqual([
      ['text_to_image', true, 'sd_basic', ['sd_basic']],
      ['text_to_image_sdxl', true, 'sdxl_basic', ['sdxl_basic']],
      ['image_to_video', true, 'image_to_video_basic', ['image_to_video_basic']],
      ['custom', true, 'solid_color', ['solid_color', 'invert_image']],
      ['text_to_audio', false, undefined, []],
      ['image_to_3d', false, undefined, []],
    ]);
  });

  it('WF9 have the documented sizes as defaults', () => {
    const sd = workflowOf('text_to_image', 'sd_basic');
    const sdxl = workflowOf('text_to_image_sdxl', 'sdxl_basic');
    expect(sd.parameter_mapping.width?.default_value).toBe(512);
    expect(sdxl.parameter_mapping.width?.default_value).toBe(1024);
    expect(sdxl.parameter_mapping.height?.default_value).toBe(1024);
  });

  it('leave no graph file without a definition', () => {
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
    const graphs = files.filter((file) => file.endsWith('.json')).map((file) => file.replaceAll('\\', '/'));
    expect(graphs.sort()).toEqual(workflows.map(([, workflow]) => workflow.workflow_file).sort());
  });

  // The reference server has only two checkpoints: it may refuse nothing but model names.
  it.each([
    ['text_to_image/sd_basic.json', ['4.ckpt_name value_not_in_list']],
    ['text_to_image_sdxl/sdxl_basic.json', ['4.ckpt_name value_not_in_list']],
    ['image_to_video/image_to_video_basic.json', ['1.ckpt_name value_not_in_list']],
    ['custom/solid_color.json', []],
    ['custom/invert_image.json', []],
  ])('WF9 %s fits ComfyUI 0.3.64 node by node, model names aside', (file, expected) => {
    const { problems } = validateGraph(readGraph(file), objectInfo);
    expect(problems.map((p) => `${p.nodeId}.${p.inputName} ${p.type}`)).toEqual(expected);
  });
});

describe.each(workflows)('%s', (_name, workflow) => {
  const graph = readGraph(workflow.workflow_file);
  const bound = parametersOf(workflow).flatMap(([name, parameter]) =>
    listBindings(parameter).map((binding) => ({ name, parameter, ...binding })),
  );

  it('maps every parameter to an input that its graph has', () => {
    const missing = bound.filter(({ nodeId, inputName }) => !(inputName in (graph[nodeId]?.inputs ?? {})));
    expect(missing).toEqual([]);
  });

  it('maps each graph input once, to a value and not to a link', () => {
    const places = bound.map(({ nodeId, inputName }) => `${nodeId}.${inputName}`);
    expect(new Set(places).size).toBe(places.length);
    const links = bound.filter(({ nodeId, inputName }) => Array.isArray(graph[nodeId]?.inputs[inputName]));
    expect(links).toEqual([]);
  });

  it('has defaults inside its own limits', () => {
    const problems = parametersOf(workflow)
      .filter(([, parameter]) => parameter.default_value !== undefined)
      .flatMap(([name, p]) => listValueProblems(p, p.default_value).map((problem) => `${name}: ${problem}`));
    expect(problems).toEqual([]);
  });

  it('offers no limit and no option that ComfyUI would refuse', () => {
    const problems = bound.flatMap(({ name, parameter, nodeId, inputName }) => {
      const spec = readSpec(graph[nodeId]?.class_type ?? '', inputName);
      const range = z
        .looseObject({ min: z.number().optional(), max: z.number().optional() })
        .parse(spec?.options);
      const tooLow = (parameter.min ?? Infinity) < (range.min ?? -Infinity);
      const tooHigh = (parameter.max ?? -Infinity) > (range.max ?? Infinity);
      const unknown = (parameter.options ?? []).filter((option) => !spec?.choices?.includes(option));
      return [...(tooLow ? ['min'] : []), ...(tooHigh ? ['max'] : []), ...unknown].map(
        (p) => `${name}: ${p}`,
      );
    });
    expect(problems).toEqual([]);
  });

  it('has presets of known parameters with values inside their limits', () => {
    const values = Object.values(workflow.presets ?? {})
      .flatMap((group) => Object.values(group))
      .flatMap((preset) => Object.entries(preset));
    const problems = values.flatMap(([name, value]) =>
      listValueProblems(parameterSchema.parse(workflow.parameter_mapping[name]), value).map(
        (problem) => `${name}=${value}: ${problem}`,
      ),
    );
    expect(problems).toEqual([]);
  });

  it('names output nodes that its graph has as primary outputs', () => {
    const outputs = Object.keys(graph).filter(
      (id) => findNodeInfo(objectInfo, graph[id]?.class_type ?? '')?.output_node,
    );
    expect(workflow.primary_output_nodes).toEqual(outputs);
  });

  it('has a graph input or a derived parameter for everything it asks for', () => {
    const sources = parametersOf(workflow).flatMap(([, parameter]) => parameter.derive?.multiply ?? []);
    const idle = parametersOf(workflow).filter(
      ([name, p]) => listBindings(p).length === 0 && !sources.includes(name),
    );
    expect(idle).toEqual([]);
  });
});

describe('image_to_video_basic', () => {
  const workflow = workflowOf('image_to_video', 'image_to_video_basic');
  const {
    duration,
    fps,
    video_frames: frames,
  } = z
    .object({ duration: parameterSchema, fps: parameterSchema, video_frames: parameterSchema })
    .parse(workflow.parameter_mapping);

  it('API6 takes the documented 30 seconds at 30 frames per second, 900 frames', () => {
    expect(listValueProblems(duration, 30)).toEqual([]);
    expect(listValueProblems(fps, 30)).toEqual([]);
    expect(listValueProblems(frames, 900)).toEqual([]);
  });

  it('computes the frames from duration and rate, the longest allowed video included', () => {
    expect(frames.derive).toEqual({ multiply: ['duration', 'fps'], round: true });
    expect(frames.max).toBe((duration.max ?? 0) * (fps.max ?? 0));
  });

  it('writes the rate to the model and to the file', () => {
    const graph = readGraph(workflow.workflow_file);
    const classesFed = listBindings(fps).map((b) => graph[b.nodeId]?.class_type);
    expect(classesFed).toEqual(['SaveWEBM', 'SVD_img2vid_Conditioning']);
  });

  it('has a graph that agrees with its defaults: 3 s × 8 = 24 frames', () => {
    const graph = readGraph(workflow.workflow_file);
    expect([duration.default_value, fps.default_value]).toEqual([3, 8]);
    expect(graph['3']?.inputs).toMatchObject({ video_frames: 24, fps: 8 });
    expect(graph['7']?.inputs).toMatchObject({ fps: 8 });
  });
});
