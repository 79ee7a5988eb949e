import { plainText } from '@comfleet/contract';
import { findNearestWord } from '@comfleet/contract/texts/nearest-word';
import type { TaskText } from '@comfleet/contract/texts/tasks';
import { createProblem, type Problem } from './parameter-problem.ts';
import type { WorkflowDefinition } from './workflow-definition.ts';

/** The values of a request that belong to parameters of the workflow, and the problems of the others. */
export interface TakenValues {
  values: Map<string, unknown>;
  problems: Problem[];
  warnings: Problem[];
}

export type UnknownRule = WorkflowDefinition['unknownParameters'];

const MAX_UNKNOWN = 20;
const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * Sorts a request's values by parameter; null counts as not given. `image_path` is an alias of `image`. Unknown and derived
 * parameters are problems (strict), warnings (lenient) or ignored (allow); their values are never used.
 */
export function takeValues(
  definition: WorkflowDefinition,
  request: Record<string, unknown>,
  rule: UnknownRule,
): TakenValues {
  const taken: TakenValues = { values: new Map(), problems: [], warnings: [] };
  const known = new Map(definition.parameters.map((parameter) => [parameter.name, parameter]));
  let unknown = 0;
  for (const [key, value] of listEntries(request)) {
    const name = key === 'image_path' && !known.has(key) && known.has('image') ? 'image' : key;
    const parameter = known.get(name);
    if (FORBIDDEN_KEYS.has(key)) {
      const text: TaskText = plainText('parameter.forbidden_name');
      taken.problems.push(createProblem(key, 'forbidden_key', text));
    } else if (parameter === undefined || parameter.derive !== null) {
      unknown += 1;
      if (unknown <= MAX_UNKNOWN) report(taken, rule, describeUnknown(definition, name));
    } else if (value !== null && value !== undefined) {
      if (taken.values.has(name)) report(taken, 'strict', TWICE);
      taken.values.set(name, value);
    }
  }
  return taken;
}

const TWICE = createProblem('image', 'twice', plainText('parameter.twice'));

/** Includes a `__proto__` that a parser assigned, which is no longer an entry. */
function listEntries(request: Record<string, unknown>): [string, unknown][] {
  const prototype: unknown = Object.getPrototypeOf(request);
  const isPlain = prototype === Object.prototype || prototype === null;
  return isPlain ? Object.entries(request) : [['__proto__', prototype], ...Object.entries(request)];
}

function describeUnknown(definition: WorkflowDefinition, name: string): Problem {
  const parameter = name.slice(0, 100);
  if (definition.parameters.some((known) => known.name === name)) {
    return createProblem(parameter, 'derived', plainText('parameter.derived'));
  }
  const names = definition.parameters.filter((known) => known.derive === null).map((known) => known.name);
  const nearest = findNearestWord(parameter, names);
  const text: TaskText =
    nearest === null
      ? { code: 'parameter.unknown', params: { known: names.join(', ') } }
      : { code: 'parameter.unknown_near', params: { nearest } };
  return createProblem(parameter, 'unknown', text);
}

function report(taken: TakenValues, rule: UnknownRule, problem: Problem): void {
  if (rule === 'strict') taken.problems.push(problem);
  if (rule === 'lenient') taken.warnings.push(problem);
}
