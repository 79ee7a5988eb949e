import type { Graph } from '@comfleet/comfyui';
import { plainText } from '@comfleet/contract';
import type { TaskText } from '@comfleet/contract/texts/tasks';
import { type Converted, convertValue, isScalar, readRange, type Scalar } from './convert-value.ts';
import { copyGraph } from './copy-graph.ts';
import { type Decimal, formatDecimal, multiplyDecimals, parseDecimal, roundDecimal } from './decimal.ts';
import type { StandIn } from './model-choices.ts';
import { createProblem, type Problem } from './parameter-problem.ts';
import { takeValues } from './take-values.ts';
import type { GraphTarget, WorkflowDefinition, WorkflowParameter } from './workflow-definition.ts';
import { findTargetProblem, readInput, writeInput } from './write-input.ts';

export interface BindContext {
  /** A whole number of 0 … 2^50 as decimal text, so that every JavaScript client shows it exactly. */
  drawSeed(): string;
  /** Whether unknown parameters are problems (true) or warnings (false); undefined: as the workflow decides. */
  strict?: boolean | undefined;
  /** The stand-in for a model file that no worker has, by parameter. */
  findStandIn?: (parameter: WorkflowParameter) => StandIn;
}

/** An image parameter: `value` is a reference to an upload, resolved later; the graph holds it until then. */
export interface BoundImage {
  parameter: string;
  targets: readonly GraphTarget[];
  value: string;
}

export type Bound =
  | {
      ok: true;
      graph: Graph;
      /** The values written, by parameter: seeds as decimal text, numbers beyond JavaScript's range as lossless ones. */
      parameters: Record<string, unknown>;
      /** The first seed; null when the workflow has none. */
      seed: string | null;
      images: BoundImage[];
      warnings: Problem[];
    }
  | { ok: false; problems: Problem[]; warnings: Problem[] };

interface Resolved {
  value: Scalar;
  decimal: Decimal | null;
}

/**
 * Writes a request's values into a copy of the workflow's graph; a request's value wins over the default, and that over the
 * graph's. Seeds of −1 or none are drawn. Problems name every invalid parameter; then there is no graph.
 */
export function bindParameters(
  definition: WorkflowDefinition,
  values: Record<string, unknown>,
  context: BindContext,
): Bound {
  const rule =
    context.strict === undefined ? definition.unknownParameters : toRule(definition, context.strict);
  const { values: given, problems, warnings } = takeValues(definition, values, rule);
  const resolved = new Map<string, Resolved>();
  const settle = (parameter: WorkflowParameter, outcome: Converted | null) => {
    if (outcome === null) return;
    if (outcome.ok) resolved.set(parameter.name, outcome);
    else problems.push(createProblem(parameter.name, outcome.code, outcome.text));
  };
  const requested = definition.parameters.filter((parameter) => parameter.derive === null);
  for (const parameter of requested) {
    const supplied = supplyValue(parameter, given.get(parameter.name), context);
    if (supplied.problem) problems.push(supplied.problem);
    if (supplied.warning) warnings.push(supplied.warning);
    if (supplied.outcome) settle(parameter, supplied.outcome);
  }
  for (const parameter of definition.parameters) {
    if (parameter.derive !== null) settle(parameter, deriveValue(definition, parameter, resolved));
  }
  problems.push(...listTargetProblems(definition, resolved));
  return problems.length > 0 ? { ok: false, problems, warnings } : write(definition, resolved, warnings);
}

interface SuppliedValue {
  /** Absent: nothing is written and the graph's value is kept. */
  outcome?: Converted | null;
  problem?: Problem;
  warning?: Problem;
}

/** The value of a parameter: from the request, from its file's stand-in, or its own default. */
function supplyValue(parameter: WorkflowParameter, given: unknown, context: BindContext): SuppliedValue {
  if (given !== undefined) return { outcome: resolveValue(parameter, given, context) };
  if (parameter.required)
    return { problem: createProblem(parameter.name, 'required', plainText('parameter.required')) };
  const standIn = context.findStandIn?.(parameter) ?? { kind: 'none' };
  if (standIn.kind === 'unclear') return { problem: askForModel(parameter, standIn) };
  if (standIn.kind === 'none') return { outcome: resolveValue(parameter, undefined, context) };
  return {
    outcome: resolveValue(parameter, standIn.name, context),
    warning: describeStandIn(parameter.name, standIn),
  };
}

const SHOWN_MODELS = 20;

function askForModel(
  parameter: WorkflowParameter,
  { instead, known }: Extract<StandIn, { kind: 'unclear' }>,
): Problem {
  const models = known.slice(0, SHOWN_MODELS).join(', ') + (known.length > SHOWN_MODELS ? ', …' : '');
  const text: TaskText = { code: 'parameter.choose_model', params: { file: instead, models } };
  return createProblem(parameter.name, 'choose_model', text);
}

/** The warning about a file that stands in for another. */
export function describeStandIn(
  parameter: string,
  { name, instead, isAway }: Extract<StandIn, { kind: 'file' }>,
): Problem {
  const code = isAway ? 'parameter.stand_in_away' : 'parameter.stand_in';
  const text: TaskText = { code, params: { file: instead, model: name } };
  return createProblem(parameter, 'stand_in', text);
}

function toRule(definition: WorkflowDefinition, strict: boolean): WorkflowDefinition['unknownParameters'] {
  if (strict) return 'strict';
  return definition.unknownParameters === 'allow' ? 'allow' : 'lenient';
}

/** Null: nothing is written and the graph's value is kept. */
function resolveValue(parameter: WorkflowParameter, given: unknown, context: BindContext): Converted | null {
  const value = given ?? parameter.defaultValue;
  if (parameter.dataType === 'seed' && (value === undefined || isMinusOne(value))) {
    return convertValue(parameter, fitSeed(parameter, context.drawSeed()));
  }
  return value === undefined ? null : convertValue(parameter, value);
}

function isMinusOne(value: unknown): boolean {
  return isScalar(value) && String(value).trim() === '-1';
}

/** Folds a drawn seed into the limits of its parameter, for nodes that accept only 32 bits. */
function fitSeed(parameter: WorkflowParameter, drawn: string): string {
  const { min, max } = readRange(parameter);
  const low = min === null ? 0n : ceilDecimal(min);
  const seed = BigInt(drawn);
  if (max === null) return String(low > seed ? low + seed : seed);
  const span = max.digits / 10n ** BigInt(max.scale) - low + 1n;
  return String(span > 0n ? low + (seed % span) : seed);
}

function ceilDecimal({ digits, scale }: Decimal): bigint {
  const unit = 10n ** BigInt(scale);
  return digits / unit + (digits > 0n && digits % unit !== 0n ? 1n : 0n);
}

/** The product of its sources; null if a source has a problem of its own. */
function deriveValue(
  definition: WorkflowDefinition,
  parameter: WorkflowParameter,
  resolved: ReadonlyMap<string, Resolved>,
): Converted | null {
  if (parameter.derive === null) return null;
  let product: Decimal = { digits: 1n, scale: 0 };
  for (const name of parameter.derive.multiply) {
    const source = definition.parameters.find((candidate) => candidate.name === name);
    const factor = resolved.get(name)?.decimal ?? (source ? readGraphNumber(definition, source) : null);
    if (factor === null) return null;
    product = multiplyDecimals(product, factor);
  }
  const value = formatDecimal(parameter.derive.round ? roundDecimal(product) : product);
  const outcome = convertValue(parameter, value);
  if (outcome.ok) return outcome;
  const factors = parameter.derive.multiply.join(' × ');
  const text: TaskText = { code: 'parameter.product', params: { factors, value, problem: outcome.text } };
  return { ...outcome, text };
}

/** The number in the graph, for a parameter that does not change it. */
function readGraphNumber(definition: WorkflowDefinition, source: WorkflowParameter): Decimal | null {
  const value = source.target === null ? undefined : readInput(definition.graph, source.target);
  const outcome = value === undefined ? null : convertValue({ ...source, min: null, max: null }, value);
  return outcome?.ok ? (outcome.decimal ?? parseDecimal(String(outcome.value))) : null;
}

function listTargetProblems(
  definition: WorkflowDefinition,
  resolved: ReadonlyMap<string, Resolved>,
): Problem[] {
  return definition.parameters
    .filter((parameter) => resolved.has(parameter.name))
    .flatMap((parameter) =>
      parameter.targets.flatMap((target) => {
        const text = findTargetProblem(definition.graph, target);
        return text === null ? [] : [createProblem(parameter.name, 'target_missing', text)];
      }),
    );
}

function write(
  definition: WorkflowDefinition,
  resolved: ReadonlyMap<string, Resolved>,
  warnings: Problem[],
): Bound {
  const graph = copyGraph(definition.graph);
  const parameters: Record<string, unknown> = {};
  const images: BoundImage[] = [];
  let seed: string | null = null;
  for (const parameter of definition.parameters) {
    const found = resolved.get(parameter.name);
    if (found === undefined) continue;
    for (const target of parameter.targets) writeInput(graph, target, found.value);
    parameters[parameter.name] = found.value;
    if (parameter.dataType === 'seed') {
      const text = String(found.value);
      parameters[parameter.name] = text;
      seed ??= text;
    }
    if (parameter.dataType === 'image') {
      images.push({ parameter: parameter.name, targets: parameter.targets, value: String(found.value) });
    }
  }
  return { ok: true, graph, parameters, seed, images, warnings };
}
