import { isLosslessNumber } from '../json/lossless-number.ts';
import { isRecord } from '../json/records.ts';
import { isTooLong, MAX_DIGITS } from './python-number.ts';

/** A workflow in ComfyUI's API format: graph node id → node. Numbers may be lossless. */
export type Graph = { [nodeId: string]: GraphNode };

/** One step of a graph. Unknown fields pass through. */
export interface GraphNode {
  class_type: string;
  inputs: Record<string, unknown>;
  _meta?: { title?: string };
}

/** A link to an output of another graph node, on the wire `["node_id", output_index]`. */
export interface GraphLink {
  nodeId: string;
  outputIndex: number;
}

/** One problem of a graph; `type` is ComfyUI's error type (protocol 3.4 and 3.5) if it has one. */
export interface GraphProblem {
  nodeId: string | null;
  inputName: string | null;
  type: string;
  message: string;
}

/** api: accepted by POST /prompt; ui: saved by the web page (`nodes`, `links`); wrapped: `{"prompt": graph}`. */
export type GraphFormat = 'api' | 'ui' | 'wrapped' | 'unknown';

const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype']);
const MAX_DEPTH = 200;
/** Longer ids, class names and input names do not occur in practice, and every response would repeat them. */
const MAX_NAME = 1000;
/** More inputs do not occur in practice, and every pass over a graph would pay for them. */
const MAX_INPUTS = 1000;
const MAX_VALUES = 10_000;
const MAX_PROBLEMS = 100;

/** Returns the ComfyUI workflow format of a parsed JSON value (protocol 9.1). */
export function detectGraphFormat(value: unknown): GraphFormat {
  if (!isRecord(value)) return 'unknown';
  if (Array.isArray(value['nodes'])) return 'ui';
  if (looksLikeGraph(value)) return 'api';
  const inner = value['prompt'];
  return isRecord(inner) && looksLikeGraph(inner) ? 'wrapped' : 'unknown';
}

function looksLikeGraph(value: Record<string, unknown>): boolean {
  const nodes = Object.values(value);
  return nodes.every(isRecord) && nodes.some((node) => typeof node['class_type'] === 'string');
}

export type ParsedGraph =
  | { ok: true; graph: Graph }
  /** `count` is their total, of which some are listed. */
  | { ok: false; problems: GraphProblem[]; count: number };

/**
 * Checks the structure of a graph, also of nodes that feed no output: one without `inputs` passes ComfyUI's own validation and
 * then kills its worker thread (protocol 13.1). Unwraps `{"prompt": graph}`. At most `maxProblems` (100) are listed; `count` is
 * the total.
 */
export function parseGraph(value: unknown, maxProblems = MAX_PROBLEMS): ParsedGraph {
  const format = detectGraphFormat(value);
  if (format === 'ui') return refuse(UI_FORMAT);
  const nodes = format === 'wrapped' && isRecord(value) ? value['prompt'] : value;
  if (!isRecord(nodes) || isLosslessNumber(nodes)) return refuse(NO_OBJECT);
  const entries = Object.entries(nodes);
  return entries.length === 0 ? refuse(EMPTY) : checkNodes(entries, maxProblems);
}

function checkNodes(entries: readonly [string, unknown][], maxProblems: number): ParsedGraph {
  const graph: Graph = {};
  const problems: GraphProblem[] = [];
  let count = 0;
  for (const [nodeId, node] of entries) {
    const found = checkNode(nodeId, node);
    count += found.length;
    if (problems.length < maxProblems) problems.push(...found);
    if (found.length === 0 && isGraphNode(node)) graph[nodeId] = node;
  }
  return count > 0 ? { ok: false, problems, count } : { ok: true, graph };
}

function refuse(problem: GraphProblem): ParsedGraph {
  return { ok: false, problems: [problem], count: 1 };
}

const UI_FORMAT: GraphProblem = {
  nodeId: null,
  inputName: null,
  type: 'workflow_format_ui',
  message:
    'This is a workflow as the ComfyUI page saves it. Export it there with "Export (API)" and send that file.',
};
const NO_OBJECT: GraphProblem = {
  nodeId: null,
  inputName: null,
  type: 'invalid_prompt',
  message: 'A graph is an object of graph nodes',
};
const EMPTY: GraphProblem = {
  nodeId: null,
  inputName: null,
  type: 'prompt_no_outputs',
  message: 'Prompt has no outputs: the graph is empty',
};
const LONG_NAME: GraphProblem = {
  nodeId: null,
  inputName: null,
  type: 'invalid_prompt',
  message: `Ids of nodes, classes and names of inputs have at most ${MAX_NAME} characters`,
};

function checkNode(nodeId: string, node: unknown): GraphProblem[] {
  const problem = (type: string, message: string): GraphProblem[] => [
    { nodeId, inputName: null, type, message },
  ];
  if (nodeId.length > MAX_NAME) return [{ ...LONG_NAME, nodeId: nodeId.slice(0, MAX_NAME) }];
  if (FORBIDDEN_KEYS.has(nodeId)) return problem('invalid_prompt', `"${nodeId}" cannot be a node id`);
  if (!isRecord(node)) return problem('invalid_prompt', `Node '${nodeId}' is not an object`);
  if (typeof node['class_type'] !== 'string' || node['class_type'] === '') {
    return problem('invalid_prompt', `Cannot execute because node '${nodeId}' has no class_type`);
  }
  if (node['class_type'].length > MAX_NAME) return [{ ...LONG_NAME, nodeId }];
  const inputs = node['inputs'];
  if (!isRecord(inputs) || isLosslessNumber(inputs)) {
    return problem('invalid_prompt', `Node '${nodeId}' has no inputs object`);
  }
  if (node['_meta'] !== undefined && !isRecord(node['_meta'])) {
    return problem('invalid_prompt', `_meta of node '${nodeId}' is not an object`);
  }
  const { inputs: _inputs, ...others } = node;
  const budget = { values: MAX_VALUES };
  const message = findValueProblem(others, 0, budget);
  if (message !== null) return problem('invalid_prompt', message);
  return checkInputs(nodeId, inputs, budget);
}

/** The first input that is invalid in any graph. */
function checkInputs(nodeId: string, inputs: Record<string, unknown>, budget: ValueBudget): GraphProblem[] {
  const entries = Object.entries(inputs);
  if (entries.length > MAX_INPUTS)
    return [{ nodeId, inputName: null, type: 'invalid_prompt', message: TOO_MANY_INPUTS }];
  for (const [name, value] of entries) {
    if (name.length > MAX_NAME) return [{ ...LONG_NAME, nodeId, inputName: name.slice(0, MAX_NAME) }];
    const message = FORBIDDEN_KEYS.has(name)
      ? `"${name}" cannot be an input name`
      : findValueProblem(value, 0, budget);
    if (message !== null) return [{ nodeId, inputName: name, type: 'invalid_prompt', message }];
  }
  return [];
}

/** The number of values that a node may still have. */
interface ValueBudget {
  values: number;
}

/** The problem of a value, whatever its input and class; null when there is none. */
function findValueProblem(value: unknown, depth: number, budget: ValueBudget): string | null {
  if (isLosslessNumber(value)) return isTooLong(value.value) ? TOO_LONG : null;
  if (typeof value !== 'object' || value === null) return null;
  if (depth > MAX_DEPTH) return UNSAFE;
  const isList = Array.isArray(value);
  for (const [key, item] of Object.entries(value)) {
    budget.values -= 1;
    if (budget.values < 0) return TOO_MANY_VALUES;
    if (!isList && FORBIDDEN_KEYS.has(key)) return UNSAFE;
    const message = findValueProblem(item, depth + 1, budget);
    if (message !== null) return message;
  }
  return null;
}

/** A single one makes ComfyUI answer 500 for the whole request, whatever the input. */
const TOO_LONG = `A whole number has more than ${MAX_DIGITS} digits, which ComfyUI cannot read`;
const UNSAFE = 'Value has a forbidden key or is nested too deeply';
const TOO_MANY_INPUTS = `A node has at most ${MAX_INPUTS} inputs`;
const TOO_MANY_VALUES = `The lists and objects of a node have at most ${MAX_VALUES} values, all together`;

function isGraphNode(node: unknown): node is GraphNode {
  return isRecord(node) && typeof node['class_type'] === 'string' && isRecord(node['inputs']);
}

/** Reads an input value as a link, as ComfyUI does: any two-element array of a string and a number (or boolean); else null. */
export function readLink(value: unknown): GraphLink | null {
  if (!Array.isArray(value) || value.length !== 2) return null;
  const [nodeId, index]: unknown[] = value;
  if (typeof nodeId !== 'string') return null;
  const outputIndex = isLosslessNumber(index) ? Number(index.value) : index;
  if (typeof outputIndex === 'boolean') return { nodeId, outputIndex: Number(outputIndex) };
  return typeof outputIndex === 'number' ? { nodeId, outputIndex } : null;
}

/** The graph node with this id, or undefined; ignores inherited properties. */
export function findGraphNode(graph: Graph, nodeId: string): GraphNode | undefined {
  return Object.hasOwn(graph, nodeId) ? graph[nodeId] : undefined;
}

/** The ids of the given graph nodes and of all that feed them, in no particular order. */
export function collectAncestors(graph: Graph, nodeIds: Iterable<string>): Set<string> {
  const found = new Set<string>();
  const open = [...nodeIds];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    const node = findGraphNode(graph, id);
    if (node === undefined || found.has(id)) continue;
    found.add(id);
    for (const value of Object.values(node.inputs)) {
      const link = readLink(value);
      if (link !== null) open.push(link.nodeId);
    }
  }
  return found;
}
