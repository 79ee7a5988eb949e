import { z } from 'zod';
import type { Text } from './texts/text.ts';
import { textSchema } from './texts/text-schema.ts';

/** The value kinds of a workflow parameter. `seed` is 0 … 2^64 − 1 or −1 for random; `image` an upload's id or name. */
export const DATA_TYPES = ['string', 'int', 'float', 'bool', 'seed', 'image'] as const;
export type DataType = (typeof DATA_TYPES)[number];

/** Words in English, Chinese and, where it has its own, Chinese of Taiwan. */
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
     * What the task gets when the request has no value: the config's default, else the graph's value; of a model that no worker has,
     * what stands in for it, and null where the user must choose.
     */
    default_value: z.unknown(),
    min: z.number().nullable(),
    max: z.number().nullable(),
    multiple_of: z.number().nullable(),
    max_length: z.int().nullable(),
    /** The only values allowed; of a parameter that names a model, the files that workers have now. */
    options: z.array(z.union([z.string(), z.number()])).nullable(),
    /** Those of its options that only workers have that are not in service now. Servers before 0.2 send none. */
    options_away: z.array(z.string()).optional(),
    /** True when its options are files of models. Servers before 0.2 send none. */
    names_model: z.boolean().optional(),
    /** True when the value follows from other parameters and is not asked for. */
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
    /** Content hash: what a task pins. */
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
    /** Whether a known worker can run it now; the missing things when none can. */
    available: z.boolean(),
    /** Deprecated: names, and the English of what `missing_texts` say. */
    missing: z.array(z.string()).meta({ deprecated: true }),
    /** Servers before 0.2 send none. */
    missing_texts: z.array(textSchema).optional(),
  })
  .meta({ id: 'Workflow' });
export type Workflow = z.infer<typeof workflowSchema>;

/** Something of the configuration or of a workflow's files that was refused when it was last read. */
export const definitionProblemSchema = z
  .object({
    /** Null where it concerns the configuration as a whole. */
    workflow: z.string().nullable(),
    /** The YAML file or the graph's; null for what the environment or an option says. */
    file: z.string().nullable(),
    /** From 1; null where only the file is known. */
    line: z.int().nullable(),
    column: z.int().nullable(),
    /** Deprecated: the English of `text`. */
    message: z.string().meta({ deprecated: true }),
    /** What is wrong, with the key that it is about; servers before 0.2 send none. */
    text: textSchema.optional(),
  })
  .meta({ id: 'DefinitionProblem' });
export type DefinitionProblem = z.infer<typeof definitionProblemSchema>;

/** Shows what a server sent in the reader's language; see `formatSent`. */
type FormatSent = (text: Text | undefined, sentence: string) => string;

/** A problem in a line, as compilers write them: `config.yaml:8:11 workflow "poster": …`; in English unless `format` says. */
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
    /** What was refused, the first hundred; told to admins alone. */
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
  /** 0.25: half of the estimates were off by less than a quarter of what it really took. */
  median_error_ratio: z.number(),
  p90_error_ratio: z.number(),
});

/** How far off the estimates of a workflow's tasks were; null where none could be made. */
export const estimateErrorSchema = z
  .object({
    /** Null for graphs that came without a workflow. */
    workflow: z.string().nullable(),
    task_type: z.string(),
    /** Of the run time, as expected when the worker was chosen. */
    run_time: errorRatiosSchema.nullable(),
    /** Of the time from acceptance to the end, as expected at acceptance. */
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
    /** Whether a known worker could run it with the values that are right; servers before 0.2 send none. */
    available: z.boolean().optional(),
    /** Deprecated: what is missing where none could, as in `Workflow`. */
    missing: z.array(z.string()).optional().meta({ deprecated: true }),
    missing_texts: z.array(textSchema).optional(),
  })
  .meta({ id: 'Validation' });
export type Validation = z.infer<typeof validationSchema>;
