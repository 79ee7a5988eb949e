import {
  findGraphNode,
  findJsonBreak,
  type Graph,
  isJsonNumber,
  parseGraph,
  parseLosslessJson,
  stringifyLosslessJson,
  toLosslessNumber,
} from '@comfleet/comfyui';
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
    const where = place === null ? '' : ` from line ${place.line}, column ${place.column} on`;
    throw new UsageError(`The file is no JSON${where}. Correct it, or export the graph from ComfyUI again.`, {
      cause,
    });
  }
  const parsed = parseGraph(value);
  if (!parsed.ok) throw new UsageError(parsed.problems.map((problem) => problem.message).join('\n'));
  return parsed.graph;
}

function setInput(graph: Graph, name: string, text: string): void {
  const place = findInput(graph, name);
  if (place === null) {
    throw new UsageError(`The graph has no input ${name}; write NODE.input=value, for example 3.steps=20.`);
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
  if (!/^\d{1,20}$/.test(seed)) throw new UsageError(`--seed must be a whole number from 0, not "${seed}".`);
  let count = 0;
  for (const inputs of Object.values(graph).map((node) => node.inputs)) {
    for (const key of Object.keys(inputs).filter((k) => SEED_INPUTS.has(k) && isJsonNumber(inputs[k]))) {
      inputs[key] = toLosslessNumber(seed);
      count += 1;
    }
  }
  if (count === 0) throw new UsageError('The graph has no seed to set.');
}

/** A new literal of the kind that the old one had. */
function convertLike(old: unknown, name: string, text: string): unknown {
  if (Array.isArray(old)) throw new UsageError(`${name} is linked to another node and cannot be set.`);
  if (typeof old === 'boolean') {
    if (text === 'true' || text === 'false') return text === 'true';
    throw new UsageError(`${name} must be true or false, not "${text}".`);
  }
  if (!isJsonNumber(old)) return text;
  if (!/^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(text))
    throw new UsageError(`${name} must be a number, not "${text}".`);
  return toLosslessNumber(text);
}
