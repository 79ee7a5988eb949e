import { isLosslessNumber } from '@comfleet/comfyui';
import type { Parameter, Workflow } from '@comfleet/contract';
import type { WorkflowDefinition, WorkflowParameter } from './workflow-definition.ts';
import { readInput } from './write-input.ts';

/** A workflow as people see it. Numbers that JavaScript cannot hold are decimal text. */
export function toWorkflowView(
  definition: WorkflowDefinition,
  availability: { available: boolean; missing: readonly string[] },
): Workflow {
  return {
    name: definition.name,
    title: definition.title,
    version: definition.version,
    version_id: definition.versionId,
    task_type: definition.taskType,
    description: definition.description,
    is_default: definition.isDefault,
    enabled: definition.enabled,
    parameters: definition.parameters.map((parameter) => toParameterView(definition, parameter)),
    presets: definition.presets,
    available: availability.available,
    missing: [...availability.missing],
  };
}

function toParameterView(definition: WorkflowDefinition, parameter: WorkflowParameter): Parameter {
  return {
    name: parameter.name,
    node_id: parameter.target?.nodeId ?? null,
    input_name: parameter.target?.inputName ?? null,
    data_type: parameter.dataType,
    description: parameter.description,
    label: parameter.label,
    required: parameter.required,
    default_value: readDefault(definition, parameter),
    min: parameter.min,
    max: parameter.max,
    multiple_of: parameter.multipleOf,
    max_length: parameter.maxLength,
    options: parameter.options === null ? null : [...parameter.options],
    derived: parameter.derive !== null,
  };
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
