import { z } from 'zod';
import type { Text } from './texts/text.ts';
import { textSchema } from './texts/text-schema.ts';

/** Value types of a workflow parameter. `seed` is 0 … 2^64 − 1 or −1 for random; `image` an upload's id or name. */
export const DATA_TYPES = ['string', 'int', 'float', 'bool', 'seed', 'image'] as const;
export type DataType = (typeof DATA_TYPES)[number];

/** A label in English, Chinese and, if it differs, Taiwanese Chinese. */
const labelSchema = z.object({ en: z.string(), zh: z.string(), zh_tw: z.string().optional() });

export const parameterSchema = z
  .object({
    name: z.string(),
    /** Null for a parameter that only feeds derived ones. */
    node_id: z.string().nullable(),
    input_name: z.string().nullable(),
    data_type: z.enum(DATA_TYPES),
    /** In the author's language, English where there are `descriptions`. */
    description: z.string().nullable(),
    /** The same by language. Servers before 0.2 send none. */
    descriptions: labelSchema.nullish(),
    label: labelSchema.nullable(),
    required: z.boolean(),
    /**
     * Used if the request has no value: the configured default, else the graph's value. For a model that no worker has: its
     * substitute, or null if the user must choose.
     */
    default_value: z.unknown(),
    min: z.number().nullable(),
    max: z.number().nullable(),
    multiple_of: z.number().nullable(),
    max_length: z.int().nullable(),
    /** The allowed values; for a parameter that names a model, the files that workers have now. */
    options: z.array(z.union([z.string(), z.number()])).nullable(),
    /** Options that only workers out of service have. Servers before 0.2 send none. */
    options_away: z.array(z.string()).optional(),
    /** True if its options are model files. Servers before 0.2 send none. */
    names_model: z.boolean().optional(),
    /** True if the value is computed from other parameters and not requested. */
    derived: z.boolean(),
  })
  .meta({ id: 'Parameter' });
export type Parameter = z.infer<typeof parameterSchema>;

export const workflowSchema = z
  .object({
    name: z.string(),
    title: labelSchema,
    /** The author's label. */
    version: z.string(),
    /** Content hash; a task is pinned to it. */
    version_id: z.string(),
    task_type: z.string(),
    /** In the author's language, English where there are `descriptions`. */
    description: z.string().nullable(),
    /** The same by language. Servers before 0.2 send none. */
    descriptions: labelSchema.nullish(),
    is_default: z.boolean(),
    enabled: z.boolean(),
    parameters: z.array(parameterSchema),
    presets: z.record(z.string(), z.unknown()).nullable(),
    /** Whether a known worker can run it now; otherwise see `missing_texts`. */
    available: z.boolean(),
    /** Deprecated: the English of `missing_texts`. */
    missing: z.array(z.string()).meta({ deprecated: true }),
    /** Servers before 0.2 send none. */
    missing_texts: z.array(textSchema).optional(),
  })
  .meta({ id: 'Workflow' });
export type Workflow = z.infer<typeof workflowSchema>;

/** A part of the configuration or of a workflow's files that was refused at the last read. */
export const definitionProblemSchema = z
  .object({
    /** Null if it concerns the configuration as a whole. */
    workflow: z.string().nullable(),
    /** The YAML file or the graph file; null for a value from the environment or an option. */
    file: z.string().nullable(),
    /** From 1; null if only the file is known. */
    line: z.int().nullable(),
    column: z.int().nullable(),
    /** Deprecated: the English of `text`. */
    message: z.string().meta({ deprecated: true }),
    /** What is wrong, with the key concerned; servers before 0.2 send none. */
    text: textSchema.optional(),
  })
  .meta({ id: 'DefinitionProblem' });
export type DefinitionProblem = z.infer<typeof definitionProblemSchema>;

/** Formats a text from a server in the reader's language; see `formatSent`. */
type FormatSent = (text: Text | undefined, sentence: string) => string;

/** Formats a problem as compilers do: `config.yaml:8:11 workflow "poster": …`; in English unless `format` translates. */
export function formatDefinitionProblem(
  problem: DefinitionProblem,
  format: FormatSent = (_, sentence) => sentence,
): string {
  const { workflow, file, line, column } = problem;
  const place = [file, line, column].filter((part) => part !== null).join(':');
  const { text, message } = workflow === null ? problem : nameWorkflow(workflow, problem);
  const what = format(text, message);
  return place === '' ? what : `${place} ${what}`;
}

function nameWorkflow(
  workflow: string,
  { text, message }: DefinitionProblem,
): Pick<DefinitionProblem, 'text' | 'message'> {
  const whole = { code: 'definition.workflow', params: { workflow, problem: text ?? message } };
  return { text: text && whole, message: `workflow "${workflow}": ${message}` };
}

export const workflowListSchema = z
  .object({
    workflows: z.array(workflowSchema),
    /** What was refused, at most 100 entries; shown only to admins. */
    problems: z.array(definitionProblemSchema).optional(),
  })
  .meta({ id: 'WorkflowList' });
export type WorkflowList = z.infer<typeof workflowListSchema>;

export const parameterProblemSchema = z
  .object({
    parameter: z.string(),
    code: z.string(),
    /** Deprecated: the English of `text`. */
    message: z.string().meta({ deprecated: true }),
    /** What is wrong, without the name of the parameter. */
    text: textSchema.optional(),
  })
  .meta({ id: 'ParameterProblem' });
export type ParameterProblem = z.infer<typeof parameterProblemSchema>;

const errorRatiosSchema = z.object({
  samples: z.int(),
  /** 0.25: half of the estimates were off by less than a quarter of the actual time. */
  median_error_ratio: z.number(),
  p90_error_ratio: z.number(),
});

/** Error of the estimates of a workflow's tasks; null if none could be made. */
export const estimateErrorSchema = z
  .object({
    /** Null for graphs without a workflow. */
    workflow: z.string().nullable(),
    task_type: z.string(),
    /** Of the run time, as estimated at placement. */
    run_time: errorRatiosSchema.nullable(),
    /** Of the time from acceptance to the end, as estimated at acceptance. */
    end_time: errorRatiosSchema.nullable(),
  })
  .meta({ id: 'EstimateError' });
export type EstimateError = z.infer<typeof estimateErrorSchema>;

/** GET /api/fleet/estimates */
export const estimateErrorListSchema = z
  .object({ estimates: z.array(estimateErrorSchema) })
  .meta({ id: 'EstimateErrorList' });

/** POST /api/v2/workflows/{name}/validate: nothing runs. */
export const validationSchema = z
  .object({
    valid: z.boolean(),
    errors: z.array(parameterProblemSchema),
    warnings: z.array(parameterProblemSchema),
    processed: z.record(z.string(), z.unknown()),
    /** Whether a known worker could run it with the valid values; servers before 0.2 send none. */
    available: z.boolean().optional(),
    /** Deprecated: what is missing if none could, as in `Workflow`. */
    missing: z.array(z.string()).optional().meta({ deprecated: true }),
    missing_texts: z.array(textSchema).optional(),
  })
  .meta({ id: 'Validation' });
export type Validation = z.infer<typeof validationSchema>;
