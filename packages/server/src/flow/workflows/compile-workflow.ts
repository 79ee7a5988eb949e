import { findGraphNode, type Graph, stringifyLosslessJson } from '@comfleet/comfyui';
import { plainText } from '@comfleet/contract';
import type { DefinitionText } from '@comfleet/contract/texts/definitions';
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

/** The position of a workflow in the configuration. */
export interface WorkflowPlace {
  name: string;
  taskType: string;
  enabled: boolean;
  isDefault: boolean;
}

/** A compiled workflow without its hashes, which need asynchronous WebAssembly. */
export type UnhashedWorkflow = Omit<WorkflowDefinition, 'versionId' | 'graphHash'>;

/**
 * Combines a definition with its graph and checks all that can be known before a request: targets, defaults, derived parameters,
 * presets, output nodes. Freezes the graph.
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

type DeriveProblem = DefinitionText['code'] & `workflow.derive_${string}`;

function listDeriveProblems(parameters: readonly WorkflowParameter[]): KeyProblem[] {
  return parameters.flatMap((parameter) =>
    (parameter.derive?.multiply ?? []).flatMap((name) => {
      const source = parameters.find((candidate) => candidate.name === name);
      const refuse = (code: DeriveProblem) => [
        createParameterProblem(parameter.name, { code, params: { name } }, 'derive'),
      ];
      if (source === undefined) return refuse('workflow.derive_unknown');
      if (source.derive !== null) return refuse('workflow.derive_derived');
      return source.dataType === 'int' || source.dataType === 'float'
        ? []
        : refuse('workflow.derive_no_number');
    }),
  );
}

/** A parameter that writes nothing and feeds nothing would be accepted without effect. */
function listUnusedProblems(parameters: readonly WorkflowParameter[]): KeyProblem[] {
  const sources = new Set(parameters.flatMap((parameter) => parameter.derive?.multiply ?? []));
  return parameters
    .filter(({ name, targets }) => targets.length === 0 && !sources.has(name))
    .map(({ name }) => createParameterProblem(name, plainText('workflow.unused')));
}

function listDoubleTargets(parameters: readonly WorkflowParameter[]): KeyProblem[] {
  const owners = new Map<string, string>();
  return parameters.flatMap(({ name, targets }) =>
    targets.flatMap(({ nodeId, inputName }) => {
      const key = JSON.stringify([nodeId, inputName]);
      const owner = owners.get(key);
      owners.set(key, name);
      if (owner === undefined) return [];
      const params = { input: inputName, node: nodeId, other: owner };
      return [createParameterProblem(name, { code: 'workflow.written_twice', params }, 'node_id')];
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
        const refuse = (problem: DefinitionText) => [createKeyProblem(at, problem)];
        const parameter = parameters.find((candidate) => candidate.name === name);
        if (parameter === undefined || parameter.derive !== null) {
          return refuse({ code: 'workflow.not_settable', params: { name } });
        }
        const outcome = convertValue(parameter, value);
        return outcome.ok ? [] : refuse(outcome.text);
      }),
    ),
  );
}

function listNodeProblems(graph: Graph, key: string, nodeIds: readonly string[] | undefined): KeyProblem[] {
  return (nodeIds ?? [])
    .filter((nodeId) => findGraphNode(graph, nodeId) === undefined)
    .map((nodeId) => createKeyProblem([key], { code: 'workflow.no_node', params: { node: nodeId } }));
}

/** A problem that begins with the keys that it concerns. */
function createKeyProblem(at: readonly string[], problem: DefinitionText): KeyProblem {
  return { at, text: { code: 'parameter.problem', params: { parameter: at.join('.'), problem } } };
}
