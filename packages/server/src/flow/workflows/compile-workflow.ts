import { findGraphNode, type Graph, stringifyLosslessJson } from '@comfleet/comfyui';
import { toTaskSentence } from '@comfleet/contract/texts/tasks';
import { compileParameter, createBuiltInParameters, createParameterProblem } from './compile-parameter.ts';
import { convertValue } from './convert-value.ts';
import { freezeGraph } from './copy-graph.ts';
import type { WorkflowDefinition as WorkflowSource } from './task-types-schema.ts';
import type {
  KeyProblem,
  WorkflowDefinition,
  WorkflowParameter,
  WorkflowPresets,
} from './workflow-definition.ts';

/** Where a workflow stands in the configuration. */
export interface WorkflowPlace {
  name: string;
  taskType: string;
  enabled: boolean;
  isDefault: boolean;
}

/** A compiled workflow without its hashes, which take I/O of a kind (WebAssembly) to make. */
export type UnhashedWorkflow = Omit<WorkflowDefinition, 'versionId' | 'graphHash'>;

/**
 * Joins a definition with its graph and checks all that can be known before a request: targets, defaults, derived
 * parameters, presets, output nodes. Freezes the graph.
 */
export function compileWorkflow(
  place: WorkflowPlace,
  source: WorkflowSource,
  graph: Graph,
): UnhashedWorkflow {
  const { parameters, problems } = readParameters(source, graph);
  const title = source.name ?? place.name;
  return {
    ...place,
    enabled: place.enabled && source.enabled !== false,
    title: source.title ?? { en: title, zh: title },
    version: source.version ?? '1',
    description: source.description ?? null,
    unknownParameters: source.unknown_parameters ?? 'strict',
    timeoutMs: toMs(source.timeout_seconds),
    silenceLimitMs: toMs(source.silence_limit_seconds),
    parameters,
    presets: source.presets ?? null,
    primaryOutputNodes: source.primary_output_nodes ?? null,
    graphText: stringifyLosslessJson(graph),
    graph: freezeGraph(graph),
    problems: [
      ...problems,
      ...listDeriveProblems(parameters),
      ...listUnusedProblems(parameters),
      ...listDoubleTargets(parameters),
      ...listPresetProblems(parameters, source.presets),
      ...listNodeProblems(graph, 'primary_output_nodes', source.primary_output_nodes),
      ...listNodeProblems(graph, 'exclude_samplers', source.exclude_samplers),
    ],
  };
}

function toMs(seconds: number | undefined): number | null {
  return seconds === undefined ? null : Math.round(seconds * 1000);
}

function readParameters(source: WorkflowSource, graph: Graph) {
  if (source.parameter_mapping === undefined) {
    return { parameters: createBuiltInParameters(graph, source.exclude_samplers ?? []), problems: [] };
  }
  const compiled = Object.entries(source.parameter_mapping).map(([name, definition]) =>
    compileParameter(graph, { name, definition }),
  );
  return {
    parameters: compiled.map(({ parameter }) => parameter),
    problems: compiled.flatMap(({ problems }) => problems),
  };
}

function listDeriveProblems(parameters: readonly WorkflowParameter[]): KeyProblem[] {
  return parameters.flatMap((parameter) =>
    (parameter.derive?.multiply ?? []).flatMap((name) => {
      const source = parameters.find((candidate) => candidate.name === name);
      const say = (what: string) => [createParameterProblem(parameter.name, `derive ${what}`, 'derive')];
      if (source === undefined) return say(`names "${name}", which is no parameter`);
      if (source.derive !== null) return say(`names "${name}", which is derived itself`);
      return source.dataType === 'int' || source.dataType === 'float'
        ? []
        : say(`names "${name}", which is no number`);
    }),
  );
}

/** A parameter that writes nothing and feeds nothing would be accepted without effect. */
function listUnusedProblems(parameters: readonly WorkflowParameter[]): KeyProblem[] {
  const sources = new Set(parameters.flatMap((parameter) => parameter.derive?.multiply ?? []));
  return parameters
    .filter(({ name, targets }) => targets.length === 0 && !sources.has(name))
    .map(({ name }) => createParameterProblem(name, 'has no node_id and input_name, and no derive uses it'));
}

function listDoubleTargets(parameters: readonly WorkflowParameter[]): KeyProblem[] {
  const owners = new Map<string, string>();
  return parameters.flatMap(({ name, targets }) =>
    targets.flatMap(({ nodeId, inputName }) => {
      const key = JSON.stringify([nodeId, inputName]);
      const owner = owners.get(key);
      owners.set(key, name);
      if (owner === undefined) return [];
      const message = `input "${inputName}" of node "${nodeId}" is written by "${owner}" too`;
      return [createParameterProblem(name, message, 'node_id')];
    }),
  );
}

function listPresetProblems(
  parameters: readonly WorkflowParameter[],
  presets: WorkflowPresets | undefined,
): KeyProblem[] {
  return Object.entries(presets ?? {}).flatMap(([group, members]) =>
    Object.entries(members).flatMap(([preset, values]) =>
      Object.entries(values).flatMap(([name, value]) => {
        const at = ['presets', group, preset, name];
        const refuse = (why: string) => [{ at, message: `${at.join('.')}: ${why}` }];
        const parameter = parameters.find((candidate) => candidate.name === name);
        if (parameter === undefined || parameter.derive !== null) {
          return refuse(`"${name}" is no parameter that a request may set`);
        }
        const outcome = convertValue(parameter, value);
        return outcome.ok ? [] : refuse(toTaskSentence(outcome.text));
      }),
    ),
  );
}

function listNodeProblems(graph: Graph, key: string, nodeIds: readonly string[] | undefined): KeyProblem[] {
  return (nodeIds ?? [])
    .filter((nodeId) => findGraphNode(graph, nodeId) === undefined)
    .map((nodeId) => ({ at: [key], message: `${key}: the graph has no node "${nodeId}"` }));
}
