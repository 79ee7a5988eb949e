import { MODEL_KINDS } from '@comfleet/comfyui';
import { z } from 'zod';

const labelSchema = z.strictObject({ en: z.string(), zh: z.string(), zh_tw: z.string() });
const bindingSchema = z.strictObject({ node_id: z.string(), input_name: z.string() });

/** One entry of `parameter_mapping`, with the keys that the shipped workflows use. */
export const parameterSchema = z.strictObject({
  node_id: z.string().optional(),
  input_name: z.string().optional(),
  targets: z.array(bindingSchema).optional(),
  default_value: z.union([z.string(), z.number(), z.boolean()]).optional(),
  data_type: z.enum(['string', 'int', 'float', 'bool', 'seed', 'image']),
  description: labelSchema,
  label: labelSchema,
  required: z.boolean().optional(),
  min: z.number().optional(),
  max: z.number().optional(),
  multiple_of: z.number().optional(),
  max_length: z.int().optional(),
  options: z.array(z.string()).optional(),
  model_kind: z.enum(MODEL_KINDS).optional(),
  derive: z.strictObject({ multiply: z.array(z.string()).min(2), round: z.boolean() }).optional(),
});
export type ParameterDefinition = z.infer<typeof parameterSchema>;

/** One named workflow of workflows.yaml. */
export const workflowSchema = z.strictObject({
  name: z.string(),
  title: labelSchema,
  version: z.string(),
  workflow_file: z.string(),
  description: labelSchema,
  primary_output_nodes: z.array(z.string()),
  parameter_mapping: z.record(z.string(), parameterSchema),
  presets: z.record(z.string(), z.record(z.string(), z.record(z.string(), z.number()))).optional(),
});
export type WorkflowDefinition = z.infer<typeof workflowSchema>;

/** The whole of workflows.yaml; an unknown key is an error, so that typos are found. */
export const definitionsSchema = z.strictObject({
  task_types: z.record(
    z.string(),
    z.strictObject({
      enabled: z.boolean(),
      default_workflow: z.string().optional(),
      workflows: z.record(z.string(), workflowSchema),
    }),
  ),
});

/** The graph inputs that a parameter sets: its own, then its `targets`; none for a source of a derive. */
export function listBindings(parameter: ParameterDefinition): { nodeId: string; inputName: string }[] {
  const own =
    parameter.node_id !== undefined && parameter.input_name !== undefined
      ? [{ nodeId: parameter.node_id, inputName: parameter.input_name }]
      : [];
  const further = (parameter.targets ?? []).map((t) => ({ nodeId: t.node_id, inputName: t.input_name }));
  return [...own, ...further];
}

/** Problems of a parameter's value, as sentences; empty if it is valid. */
export function listValueProblems(parameter: ParameterDefinition, value: unknown): string[] {
  if (typeof value === 'number') return listNumberProblems(parameter, value);
  if (typeof value === 'string') return listTextProblems(parameter, value);
  return parameter.data_type === 'bool' && typeof value === 'boolean' ? [] : ['wrong kind of value'];
}

function listNumberProblems(parameter: ParameterDefinition, value: number): string[] {
  const problems: string[] = [];
  if (!['int', 'float', 'seed'].includes(parameter.data_type)) problems.push('not a number parameter');
  if (parameter.data_type !== 'float' && !Number.isInteger(value)) problems.push('not a whole number');
  if (parameter.data_type === 'seed' && value < -1) problems.push('below -1');
  if (value < (parameter.min ?? Number.NEGATIVE_INFINITY)) problems.push('below min');
  if (value > (parameter.max ?? Number.POSITIVE_INFINITY)) problems.push('above max');
  if (parameter.multiple_of !== undefined && value % parameter.multiple_of !== 0)
    problems.push('no multiple');
  return problems;
}

function listTextProblems(parameter: ParameterDefinition, value: string): string[] {
  const problems: string[] = [];
  if (!['string', 'image'].includes(parameter.data_type)) problems.push('not a text parameter');
  if (value.length > (parameter.max_length ?? Number.POSITIVE_INFINITY)) problems.push('too long');
  if (parameter.options !== undefined && !parameter.options.includes(value)) problems.push('not an option');
  return problems;
}
