import { collectAncestors, findGraphNode, type Graph, readLink } from './graph.ts';
import type { ClassifiedProblem, ProblemEffect } from './graph-verdict.ts';

interface BrokenLink {
  nodeId: string;
  inputName: string;
  sourceId: string;
}

/** Links to nodes that are not in the graph, by the node that has them. */
export type BrokenLinks = ReadonlyMap<string, readonly BrokenLink[]>;

/** Finds broken links on every node, whether it feeds an output or not. */
export function findBrokenLinks(graph: Graph): BrokenLinks {
  const found = new Map<string, BrokenLink[]>();
  for (const [nodeId, { inputs }] of Object.entries(graph)) {
    for (const [inputName, value] of Object.entries(inputs)) {
      const link = readLink(value);
      if (link === null || findGraphNode(graph, link.nodeId) !== undefined) continue;
      const own = found.get(nodeId) ?? [];
      own.push({ nodeId, inputName, sourceId: link.nodeId });
      found.set(nodeId, own);
    }
  }
  return found;
}

/**
 * Broken links of the nodes that ComfyUI checks (`checked`: the ids that declared inputs link to). ComfyUI reports an exception
 * and leaves out what depends on the node, so that such a link is never followed (seen on 0.33.0).
 */
export function findCheckedBrokenLinks(
  broken: BrokenLinks,
  nodeId: string,
  checked: readonly string[],
): ClassifiedProblem[] {
  const own = broken.get(nodeId);
  if (own === undefined) return [];
  const followed = new Set(checked);
  return own.filter((link) => followed.has(link.sourceId)).map((link) => describe(link, 'removes_outputs'));
}

/**
 * Broken links that would be followed when these outputs run. The scheduler follows every link, declared or not, and its thread
 * dies on a broken one (seen on 0.33.0). Elsewhere in a graph such links do no harm.
 */
export function findKillingLinks(
  graph: Graph,
  broken: BrokenLinks,
  outputs: readonly string[],
): ClassifiedProblem[] {
  if (broken.size === 0) return [];
  const followed = collectAncestors(graph, outputs);
  return [...broken]
    .filter(([nodeId]) => followed.has(nodeId))
    .flatMap(([, links]) => links.map((link) => describe(link, 'kills_worker')));
}

function describe({ nodeId, inputName, sourceId }: BrokenLink, effect: ProblemEffect): ClassifiedProblem {
  return {
    nodeId,
    inputName,
    type: 'exception_during_validation',
    message: `Input ${inputName.slice(0, 200)} links to node '${sourceId.slice(0, 200)}', which is not in the graph`,
    certainty: 'certain',
    effect,
  };
}
