import { findGraphNode, type Graph } from '@comfleet/comfyui';
import type { TaskText } from '@comfleet/contract/texts/tasks';

/** What a task tells of a graph that its worker took in part: so many outputs are named. */
const MOST_NAMED = 20;
const MOST_CHARACTERS = 500;

/**
 * The outputs that a worker leaves out, each with the worker's own words for why: `node_errors` of an accepted POST /prompt, by node id
 * `{errors: [{message, details, extra_info}], dependent_outputs, class_type}` (protocol 3.2). Anything of another form says nothing.
 */
export function tellLeftOut(graph: Graph, nodeErrors: Record<string, unknown> | null): TaskText[] {
  const told = new Map<string, TaskText>();
  for (const [nodeId, found] of Object.entries(nodeErrors ?? {})) {
    if (!isRecord(found) || !Array.isArray(found.dependent_outputs)) continue;
    const problem = describe(graph, nodeId, found.errors);
    for (const output of found.dependent_outputs) {
      if (typeof output !== 'string' || told.has(output) || told.size === MOST_NAMED) continue;
      const params = { node: cut(output), class_type: classOf(graph, output), problem };
      told.set(output, { code: 'graph.output_left_out_for', params });
    }
  }
  return [...told.values()];
}

/** The first error of a node, at its input when it names one. */
function describe(graph: Graph, nodeId: string, errors: unknown): TaskText {
  const [first]: unknown[] = Array.isArray(errors) ? errors : [];
  const { message, details, extra_info: extra } = isRecord(first) ? first : {};
  const words = [message, details].filter((part) => typeof part === 'string' && part !== '');
  const params = { node: cut(nodeId), class_type: classOf(graph, nodeId), problem: cut(words.join(': ')) };
  const input = isRecord(extra) ? extra.input_name : null;
  if (typeof input !== 'string') return { code: 'graph.at_node', params };
  return { code: 'graph.at_input', params: { ...params, input: cut(input) } };
}

function classOf(graph: Graph, nodeId: string): string {
  return cut(findGraphNode(graph, nodeId)?.class_type ?? '');
}

function cut(text: string): string {
  return text.slice(0, MOST_CHARACTERS);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
