import { MODEL_KINDS } from '@comfleet/comfyui';
import { timeLimitSchema } from '@comfleet/contract';
import { DEFINITION_TEXTS } from '@comfleet/contract/texts/definitions';
import { z } from 'zod';
import { DEFAULT_PRIORITY } from './settings.ts';

/** YAML writes ids as text or as bare numbers; both name the same graph node. */
const nodeIdSchema = z.union([z.string().min(1), z.int()]).transform(String);

const bilingualSchema = z.strictObject({
  en: z.string().describe('English.'),
  zh: z.string().describe('Chinese.'),
  zh_tw: z.string().optional().describe('Traditional Chinese (Taiwan); default: as zh.'),
});

/** Text in one language, or by language. */
const wordsSchema = z.union([z.string(), bilingualSchema]);

const targetSchema = z.strictObject({
  node_id: nodeIdSchema.describe('Graph node.'),
  input_name: z.string().min(1).describe('Its input.'),
});

const selectSchema = z
  .strictObject({
    class_type: z.string().optional().describe('Class of the graph node.'),
    index: z.int().min(0).optional().describe('Which of several matching nodes, counted from 0.'),
    title: z.string().optional().describe('Title of the graph node, as in _meta.title.'),
    role: z
      .enum(['positive', 'negative'])
      .optional()
      .describe('The text node that a sampler uses as positive or negative prompt.'),
  })
  .refine(
    (select) => select.class_type ?? select.title ?? select.role,
    DEFINITION_TEXTS.en['workflow.select'],
  );

const scalarSchema = z.union([z.string(), z.number(), z.boolean()]);

export const parameterDefinitionSchema = z.strictObject({
  node_id: nodeIdSchema.optional().describe('Graph node whose input the value is written to.'),
  input_name: z.string().min(1).optional().describe('That input.'),
  select: selectSchema
    .optional()
    .describe('Finds the graph node by class, title or role; instead of node_id.'),
  targets: z.array(targetSchema).optional().describe('Further inputs that get the same value.'),
  default_value: scalarSchema.nullable().optional().describe('Used when the request has no value.'),
  data_type: z
    .enum(['string', 'int', 'float', 'bool', 'seed', 'image'])
    .optional()
    .describe('Kind of value; without it, the kind of the value in the graph.'),
  required: z.boolean().optional().describe('The request must have a value.'),
  min: z.number().optional().describe('Smallest number.'),
  max: z.number().optional().describe('Largest number.'),
  multiple_of: z.number().positive().optional().describe('Numbers must be a multiple of this.'),
  max_length: z.int().min(0).optional().describe('Longest text, in characters.'),
  options: z
    .array(z.union([z.string(), z.number()]))
    .min(1)
    .optional()
    .describe('The allowed values.'),
  model_kind: z
    .enum(MODEL_KINDS)
    .optional()
    .describe(
      'The value is a model file. If no worker has the default, one of this kind is used, recognized by its header or else by its name.',
    ),
  description: wordsSchema.optional().describe('Description shown to users.'),
  label: bilingualSchema.optional().describe('Name in forms.'),
  derive: z
    .strictObject({
      multiply: z.array(z.string()).min(2).describe('Names of number parameters.'),
      round: z.boolean().optional().describe('Round the product to the nearest whole number.'),
    })
    .optional()
    .describe('The value is the product of other parameters.'),
});
export type ParameterDefinition = z.infer<typeof parameterDefinitionSchema>;

export const workflowDefinitionSchema = z.strictObject({
  workflow_file: z.string().min(1).meta({ description: 'The graph in API format.', path: true }),
  name: z.string().optional().describe('Display name.'),
  title: bilingualSchema.optional().describe('Title by language.'),
  description: wordsSchema.optional().describe('What it generates.'),
  version: z.string().optional().describe("The author's label; quote it, as YAML reads 1.10 as 1.1."),
  enabled: z.boolean().optional().describe('Whether tasks may use it; default true.'),
  unknown_parameters: z
    .enum(['strict', 'lenient', 'allow'])
    .optional()
    .describe(
      'What happens to unknown parameters of a request: refused (strict, the default), accepted with a warning (lenient), or ignored (allow).',
    ),
  timeout_seconds: timeLimitSchema
    .optional()
    .describe(
      'Seconds that the whole run of a task may take, waiting excluded: from 0.001; 0 means no limit. Default: comfyui.timeout applies.',
    ),
  silence_limit_seconds: z
    .number()
    .min(0.001)
    .max(86_400)
    .optional()
    .describe(
      'Seconds without progress after which a running prompt counts as hung and its task moves to another worker; default: never.',
    ),
  parameter_mapping: z
    .record(z.string(), parameterDefinitionSchema)
    .optional()
    .describe('The parameters, in the order in which a form shows them.'),
  exclude_samplers: z
    .array(nodeIdSchema)
    .optional()
    .describe('Samplers that keep their seed and prompt when there is no parameter_mapping.'),
  primary_output_nodes: z
    .array(nodeIdSchema)
    .optional()
    .describe('Graph nodes whose files are the result; others are secondary.'),
  presets: z
    .record(z.string(), z.record(z.string(), z.record(z.string(), scalarSchema)))
    .optional()
    .describe('Groups of named parameter values.'),
});
export type WorkflowDefinition = z.infer<typeof workflowDefinitionSchema>;

export const taskTypeDefinitionSchema = z.strictObject({
  enabled: z.boolean().optional().describe('Whether tasks of this type are accepted; default true.'),
  default_workflow: z.string().optional().describe('Used when a request names no workflow.'),
  max_concurrent_tasks: z
    .int()
    .min(1)
    .nullable()
    .optional()
    .describe(
      'Maximum number of running tasks of this type on all workers together; null, the default, means no limit.',
    ),
  priority: z
    .int()
    .min(1)
    .max(10)
    .optional()
    .describe(`Priority of its tasks that request none; 10 runs first; default ${DEFAULT_PRIORITY}.`),
  workflows: z.record(z.string(), workflowDefinitionSchema).prefault({}).describe('Workflows by name.'),
});
export type TaskTypeDefinition = z.infer<typeof taskTypeDefinitionSchema>;

/** The `task_types` block, in config.yaml and in workflow definition files. */
export const taskTypesSchema = z.record(z.string(), taskTypeDefinitionSchema);
export type TaskTypes = z.infer<typeof taskTypesSchema>;

/** A file with workflow definitions only, such as examples/workflows/workflows.yaml. */
export const taskTypesFileSchema = z.strictObject({ task_types: taskTypesSchema });
