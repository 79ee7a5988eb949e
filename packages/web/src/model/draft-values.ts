import type { Parameter, SubmitBatch, SubmitTask, Workflow } from '@comfleet/contract';
import { isSeedText, shiftSeed } from './seed.ts';

/** An uploaded picture chosen for an image parameter. */
export interface ChosenImage {
  uploadId: string;
  name: string;
  /** What the page shows now: this tab's own copy, or the server's after a reload. */
  url: string;
  /** The server's signed link. */
  remoteUrl: string;
}

/** The values of one form by parameter name; a seed is its text, empty to draw one. */
export type DraftValues = Record<string, unknown>;

/** Why a value cannot be sent: the end of a code of the page's texts, `problem.…`, and its numbers. */
export interface ValueProblem {
  parameter: string;
  key: 'required' | 'tooSmall' | 'tooLarge' | 'notMultiple' | 'tooLong' | 'notSeed' | 'notNumber';
  limit: number | null;
}

/** What a fresh form of this workflow holds. */
export function initialValues(workflow: Workflow): DraftValues {
  const values: DraftValues = {};
  for (const parameter of workflow.parameters)
    if (!parameter.derived) values[parameter.name] = initialValue(parameter);
  return values;
}

function initialValue(parameter: Parameter): unknown {
  const value = parameter.default_value;
  switch (parameter.data_type) {
    case 'seed':
      return toSeedText(value);
    case 'image':
      return null;
    case 'bool':
      return value === true;
    case 'int':
    case 'float':
      return typeof value === 'number' ? value : null;
    case 'string':
      return typeof value === 'string' || typeof value === 'number' ? value : '';
  }
}

/** A seed as its field shows it: −1, nothing and anything unreadable mean "draw one". */
export function toSeedText(value: unknown): string {
  const text = typeof value === 'number' || typeof value === 'string' ? String(value) : '';
  return isSeedText(text) ? text : '';
}

/** True for the value of a filled image field. */
export function isChosenImage(value: unknown): value is ChosenImage {
  return (
    typeof value === 'object' && value !== null && 'uploadId' in value && typeof value.uploadId === 'string'
  );
}

/** Every value that the server would refuse; the limits are the workflow's own. */
export function findProblems(workflow: Workflow, values: DraftValues): ValueProblem[] {
  const problems: ValueProblem[] = [];
  for (const parameter of workflow.parameters) {
    if (parameter.derived) continue;
    const problem = checkValue(parameter, values[parameter.name]);
    if (problem !== null) problems.push({ parameter: parameter.name, ...problem });
  }
  return problems;
}

type Problem = Omit<ValueProblem, 'parameter'>;

function checkValue(parameter: Parameter, value: unknown): Problem | null {
  if (isBlank(value)) return parameter.required ? { key: 'required', limit: null } : null;
  switch (parameter.data_type) {
    case 'seed':
      return typeof value === 'string' && isSeedText(value) ? null : { key: 'notSeed', limit: null };
    case 'int':
    case 'float':
      return checkNumber(parameter, value);
    case 'string':
      if (parameter.max_length === null || String(value).length <= parameter.max_length) return null;
      return { key: 'tooLong', limit: parameter.max_length };
    case 'image':
    case 'bool':
      return null;
  }
}

function checkNumber(parameter: Parameter, value: unknown): Problem | null {
  if (typeof value !== 'number' || !Number.isFinite(value)) return { key: 'notNumber', limit: null };
  if (parameter.min !== null && value < parameter.min) return { key: 'tooSmall', limit: parameter.min };
  if (parameter.max !== null && value > parameter.max) return { key: 'tooLarge', limit: parameter.max };
  const step = parameter.multiple_of ?? (parameter.data_type === 'int' ? 1 : null);
  if (step === null) return null;
  const remainder = Math.abs(value / step - Math.round(value / step));
  return remainder > 1e-9 ? { key: 'notMultiple', limit: step } : null;
}

function isBlank(value: unknown): boolean {
  return value === null || value === undefined || (typeof value === 'string' && value.trim() === '');
}

/** What a submission is made of. */
export interface Draft {
  workflow: Workflow;
  values: DraftValues;
  priority: number;
  /** Pictures wanted; above 1 they become one batch. */
  count: number;
}

/** The wire form of a draft: one task, or a batch whose items differ by their seeds. */
export type Submission = { kind: 'task'; body: SubmitTask } | { kind: 'batch'; body: SubmitBatch };

/** Turns a draft without problems into what is sent. A fixed seed counts up over the items of a batch. */
export function toSubmission(draft: Draft): Submission {
  const body = {
    workflow_name: draft.workflow.name,
    task_type: draft.workflow.task_type,
    priority: draft.priority,
    parameters: toParameters(draft.workflow, draft.values),
  };
  if (draft.count <= 1) return { kind: 'task', body };
  const seed = draft.workflow.parameters.find((parameter) => parameter.data_type === 'seed');
  const fixed = seed === undefined ? '' : toSeedText(draft.values[seed.name]);
  const tasks = Array.from({ length: draft.count }, (_, index) =>
    seed === undefined || fixed === '' ? {} : { parameters: { [seed.name]: shiftSeed(fixed, index) } },
  );
  return { kind: 'batch', body: { ...body, tasks } };
}

function toParameters(workflow: Workflow, values: DraftValues): Record<string, unknown> {
  const parameters: Record<string, unknown> = {};
  for (const parameter of workflow.parameters) {
    if (parameter.derived) continue;
    const value = values[parameter.name];
    if (parameter.data_type === 'seed') {
      const text = toSeedText(value);
      parameters[parameter.name] = text === '' ? -1 : text;
    } else if (isChosenImage(value)) {
      parameters[parameter.name] = value.uploadId;
    } else if (isWorthSending(parameter, value)) {
      parameters[parameter.name] = value;
    }
  }
  return parameters;
}

/** The form's values for parameters that name models: what decides, beside the workflow itself, whether a worker can run it. */
export function readModelValues(workflow: Workflow, values: DraftValues): Record<string, unknown> {
  const named = workflow.parameters.filter((parameter) => parameter.names_model === true);
  const entries = named.map((parameter) => [parameter.name, values[parameter.name]] as const);
  return Object.fromEntries(entries.filter(([, value]) => !isBlank(value)));
}

/** An emptied text field is sent when the workflow's own text would stand otherwise. */
function isWorthSending(parameter: Parameter, value: unknown): boolean {
  if (!isBlank(value)) return true;
  // An empty choice is no choice: the workflow's own stands.
  if (parameter.options !== null) return false;
  return parameter.data_type === 'string' && typeof value === 'string' && !isBlank(parameter.default_value);
}
