import { detectGraphFormat, type Graph, parseGraph } from '@comfleet/comfyui';
import { AppError } from '../../../platform/errors/app-error.ts';
import type { GraphLimits } from '../../workflows/settings.ts';
import { invalidWorkflow } from './invalid-workflow.ts';

/**
 * Reads a graph as a caller wrote it, a lossless JSON tree that is not changed. Refuses what is no graph, ComfyUI's other format with the way out of it, and more nodes than
 * anyone's graph has.
 */
export function parseSubmittedGraph(value: unknown, limits: Pick<GraphLimits, 'nodes' | 'problems'>): Graph {
  if (detectGraphFormat(value) === 'ui') throw new AppError('WORKFLOW_FORMAT_UI');
  const nodes = countNodes(value);
  if (nodes > limits.nodes)
    throw new AppError('INVALID_WORKFLOW', {
      reason: 'too_many_nodes',
      nodes,
      limit: limits.nodes,
      setting: 'limits.graph_nodes',
      node_errors: {},
      message_text: { code: 'reason.many_nodes', params: { nodes, limit: limits.nodes } },
    });
  const parsed = parseGraph(value, limits.problems);
  if (!parsed.ok) throw invalidWorkflow(parsed.problems, { count: parsed.count });
  return parsed.graph;
}

/** Also inside a `{"prompt": graph}` wrapper. */
function countNodes(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const own = Object.keys(value).length;
  return own === 1 && 'prompt' in value ? Math.max(own, countNodes(value.prompt)) : own;
}
