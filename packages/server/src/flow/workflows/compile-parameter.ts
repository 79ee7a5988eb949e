import { type Graph, isLosslessNumber } from '@comfleet/comfyui';
import { type DataType, type Label, plainText } from '@comfleet/contract';
import type { DefinitionText } from '@comfleet/contract/texts/definitions';
import { convertValue } from './convert-value.ts';
import { findSeeds, findTexts, type Role, selectNode } from './find-graph-nodes.ts';
import type { ParameterDefinition } from './task-types-schema.ts';
import type { GraphTarget, KeyProblem, WorkflowParameter } from './workflow-definition.ts';
import { findTargetProblem, readInput } from './write-input.ts';

interface Entry {
  name: string;
  definition: ParameterDefinition;
}

/** A problem of a parameter, and the key that causes it. */
interface Finding {
  key: keyof ParameterDefinition;
  text: DefinitionText;
}

/** Compiles one entry of `parameter_mapping` against its graph; problems name what cannot work. */
export function compileParameter(
  graph: Graph,
  entry: Entry,
): { parameter: WorkflowParameter; problems: KeyProblem[] } {
  const { name, definition } = entry;
  const problems: Finding[] = [];
  const target = findTarget(graph, definition, problems);
  const further = (definition.targets ?? []).map((t) => ({ nodeId: t.node_id, inputName: t.input_name }));
  const targets = target === null ? further : [target, ...further];
  for (const one of targets) {
    const problem = findTargetProblem(graph, one);
    const key = one === target ? 'node_id' : 'targets';
    if (problem !== null) problems.push({ key, text: problem });
  }
  const parameter: WorkflowParameter = {
    name,
    ...readWords(definition),
    ...readLimits(definition),
    target: targets[0] ?? null,
    targets,
    dataType: definition.data_type ?? detectDataType(graph, definition, targets[0]),
    derive: readDerive(definition.derive),
  };
  if (parameter.modelKind !== null && (parameter.dataType !== 'string' || parameter.target === null))
    problems.push({ key: 'model_kind', text: plainText('workflow.model_kind') });
  const wrongDefault = findDefaultProblem(parameter);
  if (wrongDefault !== null) problems.push({ key: 'default_value', text: wrongDefault });
  const found = problems.map(({ key, text }) => createParameterProblem(name, text, key));
  return { parameter, problems: found };
}

/** A problem of a parameter, at one of its keys or at its name. */
export function createParameterProblem(
  name: string,
  problem: DefinitionText,
  key?: keyof ParameterDefinition,
): KeyProblem {
  const at = ['parameter_mapping', name, ...(key === undefined ? [] : [key])];
  return { at, text: { code: 'workflow.parameter', params: { parameter: name, problem } } };
}

function readWords(definition: ParameterDefinition) {
  return {
    description: definition.description ?? null,
    label: definition.label ?? null,
    required: definition.required ?? false,
    defaultValue: definition.default_value ?? undefined,
  };
}

function readLimits(definition: ParameterDefinition) {
  return {
    min: definition.min ?? null,
    max: definition.max ?? null,
    multipleOf: definition.multiple_of ?? null,
    maxLength: definition.max_length ?? null,
    options: definition.options ?? null,
    modelKind: definition.model_kind ?? null,
  };
}

function readDerive(derive: ParameterDefinition['derive']): WorkflowParameter['derive'] {
  return derive ? { multiply: derive.multiply, round: derive.round ?? false } : null;
}

/** The parameters of a workflow without `parameter_mapping`: prompt, negative_prompt and seed, if the graph has them. */
export function createBuiltInParameters(graph: Graph, excluded: readonly string[]): WorkflowParameter[] {
  const spared = new Set(excluded);
  const text = (name: string, role: Role, label: Label) =>
    createParameter({ name, dataType: 'string', label }, findTexts(graph, role, spared));
  return [
    text('prompt', 'positive', { en: 'Prompt', zh: '提示词', zh_tw: '提示詞' }),
    text('negative_prompt', 'negative', { en: 'Negative prompt', zh: '反向提示词', zh_tw: '負向提示詞' }),
    createParameter(
      { name: 'seed', dataType: 'seed', label: { en: 'Seed', zh: '种子', zh_tw: '種子' } },
      findSeeds(graph, spared),
    ),
  ].filter((parameter) => parameter.targets.length > 0);
}

function createParameter(
  named: Pick<WorkflowParameter, 'name' | 'dataType' | 'label'>,
  targets: readonly GraphTarget[],
): WorkflowParameter {
  return {
    ...named,
    target: targets[0] ?? null,
    targets,
    description: null,
    required: false,
    defaultValue: undefined,
    min: null,
    max: null,
    multipleOf: null,
    maxLength: null,
    options: null,
    modelKind: null,
    derive: null,
  };
}

function findTarget(graph: Graph, definition: ParameterDefinition, problems: Finding[]): GraphTarget | null {
  const { select, node_id: nodeId } = definition;
  const inputName = definition.input_name ?? (select?.role === undefined ? undefined : 'text');
  if (select !== undefined && nodeId !== undefined) {
    problems.push({ key: 'select', text: plainText('workflow.select_and_node') });
    return null;
  }
  if (select === undefined && nodeId === undefined) {
    if (definition.input_name !== undefined)
      problems.push({ key: 'input_name', text: plainText('workflow.no_node_id') });
    return null;
  }
  if (inputName === undefined) {
    problems.push({ key: 'node_id', text: plainText('workflow.no_input_name') });
    return null;
  }
  if (select === undefined) return { nodeId: String(nodeId), inputName };
  const found = selectNode(graph, select);
  if ('nodeId' in found) return { nodeId: found.nodeId, inputName };
  problems.push({ key: 'select', text: found.problem });
  return null;
}

/** The type of the graph's value, else of the default. A fraction in any number makes it a float. */
function detectDataType(
  graph: Graph,
  definition: ParameterDefinition,
  target: GraphTarget | undefined,
): DataType {
  const inGraph = target === undefined ? undefined : readInput(graph, target);
  const samples = [inGraph, definition.default_value].filter((v) => v !== undefined && v !== null);
  const first = samples[0];
  if (typeof first === 'boolean') return 'bool';
  if (typeof first !== 'number' && !isLosslessNumber(first)) return definition.derive ? 'float' : 'string';
  if (target?.inputName === 'seed' || target?.inputName === 'noise_seed') return 'seed';
  const limits = [definition.min, definition.max, definition.multiple_of].filter((v) => v !== undefined);
  return [...samples, ...limits].every((value) => /^-?\d+$/.test(String(value))) ? 'int' : 'float';
}

/** A required text may start as an empty field; any other default must be a value that a request could send. */
function findDefaultProblem(parameter: WorkflowParameter): DefinitionText | null {
  const { defaultValue, dataType } = parameter;
  if (defaultValue === undefined) return null;
  if (parameter.derive !== null) return plainText('workflow.derived_default');
  if (dataType === 'seed' && String(defaultValue) === '-1') return null;
  if (parameter.required && defaultValue === '') return null;
  const outcome = convertValue(parameter, defaultValue);
  return outcome.ok ? null : { code: 'workflow.default', params: { problem: outcome.text } };
}
