import { findGraphNode, type Graph, isRecord, nameGraphNode } from '@comfleet/comfyui';
import type { RecordedError } from '@comfleet/contract';

/**
 * Adds class and title to the nodes that an error names, from the graph that was sent. They are stored with the error, because
 * the graph may be deleted by the time a user looks at it.
 */
export function nameFailedNodes(graph: Graph, error: RecordedError): RecordedError {
  const { details } = error;
  if (details === null) return error;
  const { node_id: nodeId, node_errors: nodeErrors } = details;
  const named = typeof nodeId === 'string' ? nameGraphNode(findGraphNode(graph, nodeId)) : {};
  return {
    ...error,
    details: {
      ...named,
      ...details,
      ...(isRecord(nodeErrors) && { node_errors: nameEach(graph, nodeErrors) }),
    },
  };
}

function nameEach(graph: Graph, nodeErrors: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(nodeErrors).map(([nodeId, found]) => [
      nodeId,
      isRecord(found) ? { ...nameGraphNode(findGraphNode(graph, nodeId)), ...found } : found,
    ]),
  );
}
