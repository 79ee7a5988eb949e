import { isLosslessNumber } from '../json/lossless-json.ts';
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

/** One thing that is wrong with a graph; `type` is ComfyUI's error type (protocol 3.4 and 3.5) where it has one. */
export interface GraphProblem {
  nodeId: string | null;
  inputName: string | null;
  type: string;
  message: string;
}

/** api: POST /prompt takes it; ui: saved by the web page (`nodes`, `links`); wrapped: `{"prompt": graph}`. */
export type GraphFormat = 'api' | 'ui' | 'wrapped' | 'unknown';

const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype']);
const MAX_DEPTH = 200;

/** Says which of ComfyUI's workflow formats a parsed JSON value has (protocol 9.1). */
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

/**
 * Checks the structure of a graph, also of nodes that feed no output: one without `inputs` passes ComfyUI's own validation
 * and then kills its worker thread (protocol 13.1). A `{"prompt": graph}` wrapper is opened.
 */
export function parseGraph(
  value: unknown,
): { ok: true; graph: Graph } | { ok: false; problems: GraphProblem[] } {
  const format = detectGraphFormat(value);
  if (format === 'ui') return { ok: false, problems: [UI_FORMAT] };
  const nodes = format === 'wrapped' && isRecord(value) ? value['prompt'] : value;
  if (!isRecord(nodes)) return { ok: false, problems: [NO_OBJECT] };
  if (Object.keys(nodes).length === 0) return { ok: false, problems: [EMPTY] };
  const graph: Graph = {};
  const problems: GraphProblem[] = [];
  for (const [nodeId, node] of Object.entries(nodes)) {
    const found = checkNode(nodeId, node);
    problems.push(...found);
    if (found.length === 0 && isGraphNode(node)) graph[nodeId] = node;
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, graph };
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

function checkNode(nodeId: string, node: unknown): GraphProblem[] {
  const problem = (type: string, message: string, inputName: string | null = null): GraphProblem[] => [
    { nodeId, inputName, type, message },
  ];
  if (FORBIDDEN_KEYS.has(nodeId)) return problem('invalid_prompt', `"${nodeId}" cannot be a node id`);
  if (!isRecord(node)) return problem('invalid_prompt', `Node '${nodeId}' is not an object`);
  if (typeof node['class_type'] !== 'string' || node['class_type'] === '') {
    return problem('invalid_prompt', `Cannot execute because node '${nodeId}' has no class_type`);
  }
  const inputs = node['inputs'];
  if (!isRecord(inputs) || isLosslessNumber(inputs)) {
    return problem('invalid_prompt', `Node '${nodeId}' has no inputs object`);
  }
  if (node['_meta'] !== undefined && !isRecord(node['_meta'])) {
    return problem('invalid_prompt', `_meta of node '${nodeId}' is not an object`);
  }
  for (const [name, value] of Object.entries(inputs)) {
    const message = findValueProblem(name, value);
    if (message !== null) return problem('invalid_prompt', message, name);
  }
  const { inputs: _inputs, ...others } = node;
  return hasTooLongNumber(others, 0) ? problem('invalid_prompt', TOO_LONG) : [];
}

/** What is wrong with an input, whatever its class; null when nothing is. */
function findValueProblem(name: string, value: unknown): string | null {
  if (FORBIDDEN_KEYS.has(name)) return `"${name}" cannot be an input name`;
  if (!isSafeValue(value, 0)) return 'Value has a forbidden key or is nested too deeply';
  return hasTooLongNumber(value, 0) ? TOO_LONG : null;
}

function isSafeValue(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null || isLosslessNumber(value)) return true;
  if (depth > MAX_DEPTH) return false;
  if (Array.isArray(value)) return value.every((item) => isSafeValue(item, depth + 1));
  return Object.entries(value).every(
    ([key, item]) => !FORBIDDEN_KEYS.has(key) && isSafeValue(item, depth + 1),
  );
}

/** One such number anywhere, and ComfyUI answers 500 for the whole request, whatever the input is. */
function hasTooLongNumber(value: unknown, depth: number): boolean {
  if (isLosslessNumber(value)) return isTooLong(value.value);
  if (typeof value !== 'object' || value === null || depth > MAX_DEPTH) return false;
  return Object.values(value).some((item) => hasTooLongNumber(item, depth + 1));
}

const TOO_LONG = `A whole number has more than ${MAX_DIGITS} digits, which ComfyUI cannot read`;

function isGraphNode(node: unknown): node is GraphNode {
  return isRecord(node) && typeof node['class_type'] === 'string' && isRecord(node['inputs']);
}

/** Reads an input value as a link; null for literals. ComfyUI takes every two-element array of a string and a number (booleans are numbers to Python) for a link. */
export function readLink(value: unknown): GraphLink | null {
  if (!Array.isArray(value) || value.length !== 2) return null;
  const [nodeId, index]: unknown[] = value;
  if (typeof nodeId !== 'string') return null;
  const outputIndex = isLosslessNumber(index) ? Number(index.value) : index;
  if (typeof outputIndex === 'boolean') return { nodeId, outputIndex: Number(outputIndex) };
  return typeof outputIndex === 'number' ? { nodeId, outputIndex } : null;
}

/** The graph node with this id, or undefined; never a property every object has. */
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
