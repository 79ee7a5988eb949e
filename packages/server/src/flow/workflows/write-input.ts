import { findGraphNode, type Graph, readLink } from '@comfleet/comfyui';
import type { Scalar } from './convert-value.ts';
import type { GraphTarget } from './workflow-definition.ts';

/** Says why nothing can be written to this input of the graph; null when it can. Links are never replaced by values. */
export function findTargetProblem(graph: Graph, { nodeId, inputName }: GraphTarget): string | null {
  const node = findGraphNode(graph, nodeId);
  if (node === undefined) return `the graph has no node "${nodeId}"`;
  if (!Object.hasOwn(node.inputs, inputName)) {
    const known = Object.keys(node.inputs).join(', ');
    return `node "${nodeId}" (${node.class_type}) has no input "${inputName}"; it has: ${known}`;
  }
  const value = node.inputs[inputName];
  if (readLink(value) !== null) return `input "${inputName}" of node "${nodeId}" is a link, not a value`;
  return null;
}

/** The value that stands in the graph; undefined when the input is not there. */
export function readInput(graph: Graph, { nodeId, inputName }: GraphTarget): unknown {
  const inputs = findGraphNode(graph, nodeId)?.inputs;
  return inputs && Object.hasOwn(inputs, inputName) ? inputs[inputName] : undefined;
}

/** Writes into a copy of a graph. The target was checked with `findTargetProblem`. */
export function writeInput(graph: Graph, { nodeId, inputName }: GraphTarget, value: Scalar): void {
  const node = findGraphNode(graph, nodeId);
  if (node) node.inputs[inputName] = value;
}
