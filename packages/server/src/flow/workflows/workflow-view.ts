import { isLosslessNumber } from '@comfleet/comfyui';
import type { Label, Parameter, Workflow } from '@comfleet/contract';
import type { ModelChoice, StandIn } from './model-choices.ts';
import type { WorkflowDefinition, WorkflowParameter } from './workflow-definition.ts';
import { readInput } from './write-input.ts';

/** What a workflow's form needs to know about the fleet. */
export interface FormFacts {
  /** The files that the fleet offers for a parameter; null if it names none. */
  choices: (parameter: WorkflowParameter) => readonly Pick<ModelChoice, 'name' | 'isOnline'>[] | null;
  findStandIn: (parameter: WorkflowParameter) => StandIn;
}

/** A workflow as shown to users. Numbers that JavaScript cannot hold are decimal text. */
export function toWorkflowView(
  definition: WorkflowDefinition,
  availability: Pick<Workflow, 'available' | 'missing' | 'missing_texts'>,
  facts: FormFacts,
): Workflow {
  return {
    name: definition.name,
    title: definition.title,
    version: definition.version,
    version_id: definition.versionId,
    task_type: definition.taskType,
    ...toDescription(definition.description),
    is_default: definition.isDefault,
    enabled: definition.enabled,
    parameters: definition.parameters.map((parameter) => toParameterView(definition, parameter, facts)),
    presets: definition.presets,
    available: availability.available,
    missing: [...availability.missing],
    missing_texts: availability.missing_texts,
  };
}

function toParameterView(
  definition: WorkflowDefinition,
  parameter: WorkflowParameter,
  facts: FormFacts,
): Parameter {
  const standIn = facts.findStandIn(parameter);
  const files =
    parameter.options === null && parameter.dataType === 'string' ? facts.choices(parameter) : null;
  return {
    name: parameter.name,
    node_id: parameter.target?.nodeId ?? null,
    input_name: parameter.target?.inputName ?? null,
    data_type: parameter.dataType,
    ...toDescription(parameter.description),
    label: parameter.label,
    required: parameter.required || standIn.kind === 'unclear',
    default_value: toDefault(definition, parameter, standIn),
    min: parameter.min,
    max: parameter.max,
    multiple_of: parameter.multipleOf,
    max_length: parameter.maxLength,
    options: files?.map(({ name }) => name) ?? (parameter.options && [...parameter.options]),
    options_away: listAway(files ?? []),
    names_model: files !== null,
    derived: parameter.derive !== null,
  };
}

function toDescription(written: Label | string | null): Pick<Workflow, 'description' | 'descriptions'> {
  if (written === null || typeof written === 'string') return { description: written, descriptions: null };
  return { description: written.en, descriptions: written };
}

function listAway(files: readonly Pick<ModelChoice, 'name' | 'isOnline'>[]): string[] {
  return files.filter(({ isOnline }) => !isOnline).map(({ name }) => name);
}

function toDefault(definition: WorkflowDefinition, parameter: WorkflowParameter, standIn: StandIn): unknown {
  if (standIn.kind === 'none') return readDefault(definition, parameter);
  return standIn.kind === 'file' ? standIn.name : null;
}

function readDefault(definition: WorkflowDefinition, parameter: WorkflowParameter): unknown {
  if (parameter.derive !== null) return null;
  if (parameter.dataType === 'seed') return parameter.defaultValue ?? -1;
  const inGraph = parameter.target === null ? null : readInput(definition.graph, parameter.target);
  const value = parameter.defaultValue ?? inGraph ?? null;
  if (!isLosslessNumber(value)) return value;
  const number = Number(value.value);
  return Number.isInteger(number) && !Number.isSafeInteger(number) ? value.value : number;
}
