import { findGraphNode, type Graph, readLink } from '@comfleet/comfyui';
import type { TaskText } from '@comfleet/contract/texts/tasks';
import type { Scalar } from './convert-value.ts';
import type { GraphTarget } from './workflow-definition.ts';

/** Longer lists of names are not read. */
const SHOWN_INPUTS = 50;
const MAX_NAME = 200;

/** Returns why nothing can be written to this input of the graph; null if it can. Links are never replaced by values. */
export function findTargetProblem(graph: Graph, { nodeId, inputName }: GraphTarget): TaskText | null {
  if (isTarget(graph, { nodeId, inputName })) return null;
  const node = findGraphNode(graph, nodeId);
  if (node === undefined) return { code: 'parameter.no_node', params: { node: nodeId.slice(0, MAX_NAME) } };
  if (!Object.hasOwn(node.inputs, inputName)) {
    const known = Object.keys(node.inputs).slice(0, SHOWN_INPUTS).join(', ');
    const params = { node: nodeId, class_type: node.class_type, input: inputName.slice(0, MAX_NAME), known };
    return { code: 'parameter.no_input', params };
  }
  return { code: 'parameter.link', params: { input: inputName, node: nodeId } };
}

/** True when a value may be written to this input of the graph. */
export function isTarget(graph: Graph, { nodeId, inputName }: GraphTarget): boolean {
  const inputs = findGraphNode(graph, nodeId)?.inputs;
  return inputs !== undefined && Object.hasOwn(inputs, inputName) && readLink(inputs[inputName]) === null;
}

/** The value in the graph; undefined if the input does not exist. */
export function readInput(graph: Graph, { nodeId, inputName }: GraphTarget): unknown {
  const inputs = findGraphNode(graph, nodeId)?.inputs;
  return inputs && Object.hasOwn(inputs, inputName) ? inputs[inputName] : undefined;
}

/** Writes into a copy of a graph. The target was checked with `findTargetProblem`. */
export function writeInput(graph: Graph, { nodeId, inputName }: GraphTarget, value: Scalar): void {
  const node = findGraphNode(graph, nodeId);
  if (node) node.inputs[inputName] = value;
}
