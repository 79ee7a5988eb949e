import {
  findGraphNode,
  findJsonBreak,
  type Graph,
  type GraphProblem,
  isJsonNumber,
  parseGraph,
  parseLosslessJson,
  stringifyLosslessJson,
  toLosslessNumber,
} from '@comfleet/comfyui';
import { plainText } from '@comfleet/contract/texts/catalogue';
import type { UsageText } from '@comfleet/contract/texts/usage';
import { UsageError } from '../exit-codes.ts';
import { parseAssignment } from './convert-parameter.ts';

/** The inputs that hold a seed in ComfyUI's own nodes. */
const SEED_INPUTS = new Set(['seed', 'noise_seed']);

export interface GraphEdits {
  /** `NODE.input=value`. */
  readonly assignments: readonly string[];
  /** For every literal seed of the graph. */
  readonly seed?: string;
}

/**
 * Changes literal inputs of a graph given as JSON text; everything else stays as written, digits included. Throws
 * UsageError for text that is no graph in API format, and for inputs that are not there.
 */
export function editGraph(text: string, edits: GraphEdits): string {
  const graph = readGraph(text);
  for (const { name, value } of edits.assignments.map(parseAssignment)) setInput(graph, name, value);
  if (edits.seed !== undefined) setSeeds(graph, edits.seed);
  return stringifyLosslessJson(graph);
}

/** Reads a graph in API format. Throws UsageError saying what is wrong with the text. */
export function readGraph(text: string): Graph {
  let value: unknown;
  try {
    value = parseLosslessJson(text);
  } catch (cause) {
    const place = findJsonBreak(text);
    const problem: UsageText =
      place === null
        ? plainText('usage.no_json')
        : { code: 'usage.broken_json', params: { line: place.line, column: place.column } };
    throw new UsageError(problem, { cause });
  }
  const parsed = parseGraph(value);
  if (!parsed.ok) throw new UsageError(parsed.problems.map(describeProblem));
  return parsed.graph;
}

/** What a file holds that is no graph; ComfyUI's and our words on its nodes are shown as they are. */
function describeProblem({ type, message }: GraphProblem): UsageText {
  if (type === 'workflow_format_ui') return plainText('usage.ui_format');
  if (type === 'prompt_no_outputs') return plainText('usage.empty_graph');
  return { code: 'usage.bad_graph', params: { problem: message } };
}

function setInput(graph: Graph, name: string, text: string): void {
  const place = findInput(graph, name);
  if (place === null) {
    throw new UsageError({ code: 'usage.no_graph_input', params: { name } });
  }
  const { inputs, inputName } = place;
  inputs[inputName] = convertLike(inputs[inputName], name, text);
}

/** Ids and inputs may have dots themselves (`resize_type.multiplier`): the first dot that separates the two counts. */
function findInput(
  graph: Graph,
  name: string,
): { inputs: Record<string, unknown>; inputName: string } | null {
  for (let at = name.indexOf('.'); at !== -1; at = name.indexOf('.', at + 1)) {
    const inputs = findGraphNode(graph, name.slice(0, at))?.inputs;
    const inputName = name.slice(at + 1);
    if (inputs && Object.hasOwn(inputs, inputName)) return { inputs, inputName };
  }
  return null;
}

function setSeeds(graph: Graph, seed: string): void {
  if (!/^\d{1,20}$/.test(seed)) throw new UsageError({ code: 'usage.seed', params: { value: seed } });
  let count = 0;
  for (const inputs of Object.values(graph).map((node) => node.inputs)) {
    for (const key of Object.keys(inputs).filter((k) => SEED_INPUTS.has(k) && isJsonNumber(inputs[k]))) {
      inputs[key] = toLosslessNumber(seed);
      count += 1;
    }
  }
  if (count === 0) throw new UsageError(plainText('usage.no_seed_in_graph'));
}

/** A new literal of the kind that the old one had. */
function convertLike(old: unknown, name: string, text: string): unknown {
  if (Array.isArray(old)) throw new UsageError({ code: 'usage.linked_input', params: { name } });
  if (typeof old === 'boolean') {
    if (text === 'true' || text === 'false') return text === 'true';
    throw new UsageError({ code: 'usage.must_be_boolean', params: { name, value: text } });
  }
  if (!isJsonNumber(old)) return text;
  if (!/^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(text))
    throw new UsageError({ code: 'usage.must_be_number', params: { name, value: text } });
  return toLosslessNumber(text);
}
