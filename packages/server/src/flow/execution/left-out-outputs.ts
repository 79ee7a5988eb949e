import { collectAncestors, findGraphNode, type Graph, isRecord } from '@comfleet/comfyui';
import { describeGraphProblem } from '@comfleet/contract';
import type { TaskText } from '@comfleet/contract/texts/tasks';
import type { PreparedGraph } from './prepare-graph.ts';

/** How many outputs are named when a worker accepted the graph only in part. */
const MAX_NAMED = 20;
const MAX_CHARACTERS = 500;

/** What a worker has reported about the outputs of one prompt, in whatever way. */
export interface ReportedOutputs {
  /**
   * Why some do not run: `node_errors` of the accepted POST, by node id `{errors: [{message, details, extra_info}], dependent_outputs,
   * class_type}` (protocol 3.2). Null when it named none, or when its answer was lost.
   */
  nodeErrors: Record<string, unknown> | null;
  /** Output nodes that it does not execute, by its queue or its history. */
  leftOut: readonly string[];
}

type PlacedProblem = Extract<TaskText, { code: 'graph.at_node' | 'graph.at_input' }>;

/** Output nodes of the graph that a worker leaves out, without duplicates; a twin counts as its node. Pure. */
export function findLeftOut({ twins }: PreparedGraph, { nodeErrors, leftOut }: ReportedOutputs): string[] {
  const dependent = Object.values(nodeErrors ?? {}).flatMap(readDependent);
  return [...new Set([...dependent, ...leftOut].map((id) => twins.get(id) ?? id))];
}

/** The same as texts, each with the worker's own reason if it gave one. */
export function describeLeftOut(prepared: PreparedGraph, reported: ReportedOutputs): TaskText[] {
  const { graph } = prepared;
  const ids = findLeftOut(prepared, reported);
  const texts = ids.slice(0, MAX_NAMED).map((id): TaskText => {
    const params = { node: cut(id), class_type: classOf(graph, id) };
    const problem = findReason(graph, id, reported.nodeErrors ?? {});
    if (problem === null) return { code: 'graph.output_left_out', params };
    // The problem names the node already.
    if (problem.params.node === params.node)
      return { code: 'graph.output_left_out_itself', params: { problem } };
    return { code: 'graph.output_left_out_for', params: { ...params, problem } };
  });
  const count = ids.length - texts.length;
  return count > 0 ? [...texts, { code: 'graph.more', params: { count } }] : texts;
}

/** ComfyUI lists too many dependent outputs for a node (protocol 3.5): only a node that feeds this one is the reason. */
function findReason(graph: Graph, output: string, nodeErrors: Record<string, unknown>): PlacedProblem | null {
  const naming = Object.entries(nodeErrors).filter(([, found]) => readDependent(found).includes(output));
  const feeding = collectAncestors(graph, [output]);
  const [nodeId, found] = naming.find(([id]) => feeding.has(id)) ?? naming[0] ?? [];
  return nodeId === undefined ? null : describe(graph, nodeId, isRecord(found) ? found.errors : null);
}

/** Reads the dependent outputs; values of another form have none. */
function readDependent(found: unknown): string[] {
  if (!isRecord(found) || !Array.isArray(found.dependent_outputs)) return [];
  return found.dependent_outputs.filter((id) => typeof id === 'string');
}

/** The first error of a node, with the input if it names one. */
function describe(graph: Graph, nodeId: string, errors: unknown): PlacedProblem {
  const [first]: unknown[] = Array.isArray(errors) ? errors : [];
  const { message, details, extra_info: extra } = isRecord(first) ? first : {};
  const words = [message, details].filter((part) => typeof part === 'string' && part !== '');
  const input = isRecord(extra) && typeof extra.input_name === 'string' ? extra.input_name : null;
  const problem = describeGraphProblem(cut(words.join(': ')), input);
  const params = { node: cut(nodeId), class_type: classOf(graph, nodeId), problem };
  if (input === null) return { code: 'graph.at_node', params };
  return { code: 'graph.at_input', params: { ...params, input: cut(input) } };
}

function classOf(graph: Graph, nodeId: string): string {
  return cut(findGraphNode(graph, nodeId)?.class_type ?? '');
}

function cut(text: string): string {
  return text.slice(0, MAX_CHARACTERS);
}
