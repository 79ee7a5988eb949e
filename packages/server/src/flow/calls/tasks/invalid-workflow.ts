import { findGraphNode, type Graph, type GraphProblem, nameGraphNode } from '@comfleet/comfyui';
import { AppError } from '../../../platform/errors/app-error.ts';

/**
 * Creates an error with ComfyUI's own form of node_errors, so that existing tools can show it, and with class and title of nodes;
 * `count` is the number of problems if not all are listed.
 */
export function invalidWorkflow(
  problems: readonly GraphProblem[],
  { graph = {}, count = problems.length }: { graph?: Graph; count?: number } = {},
): AppError {
  // A node id may be the name of a property that every object has.
  const nodeErrors = new Map<string, { errors: unknown[] }>();
  for (const { nodeId, inputName, type, message } of problems) {
    const key = nodeId ?? '';
    const entry = nodeErrors.get(key) ?? { ...nameGraphNode(findGraphNode(graph, key)), errors: [] };
    entry.errors.push({ type, message, input_name: inputName });
    nodeErrors.set(key, entry);
  }
  return new AppError('INVALID_WORKFLOW', {
    node_errors: Object.fromEntries(nodeErrors),
    ...(count > problems.length && { problem_count: count }),
  });
}
