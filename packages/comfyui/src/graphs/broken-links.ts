import { collectAncestors, findGraphNode, type Graph, readLink } from './graph.ts';
import type { JudgedProblem, ProblemEffect } from './graph-verdict.ts';

/**
 * Links of a node to nodes that are not there, among those that ComfyUI checks (`checked`: the ids that declared inputs link to):
 * it answers an exception and leaves out what depends on the node, so that nothing ever follows such a link (seen on 0.33.0).
 */
export function findCheckedBrokenLinks(
  graph: Graph,
  nodeId: string,
  checked: readonly string[],
): JudgedProblem[] {
  const broken = listBrokenLinks(graph, nodeId);
  if (broken.length === 0) return [];
  const followed = new Set(checked);
  return broken
    .filter((link) => followed.has(link.sourceId))
    .map((link) => describe(link, 'removes_outputs'));
}

/**
 * Links to absent nodes that would be followed when these outputs run: the scheduler takes every link, declared or not, and its
 * thread dies on one that leads nowhere (seen on 0.33.0; elsewhere in a graph such links do no harm).
 */
export function findKillingLinks(graph: Graph, outputs: readonly string[]): JudgedProblem[] {
  const followed = collectAncestors(graph, outputs);
  return [...followed].flatMap((nodeId) =>
    listBrokenLinks(graph, nodeId).map((link) => describe(link, 'kills_worker')),
  );
}

/** True when any link of the graph, on whatever node, leads to a node that is not there. */
export function hasBrokenLinks(graph: Graph): boolean {
  return Object.keys(graph).some((nodeId) => listBrokenLinks(graph, nodeId).length > 0);
}

interface BrokenLink {
  nodeId: string;
  inputName: string;
  sourceId: string;
}

function listBrokenLinks(graph: Graph, nodeId: string): BrokenLink[] {
  const inputs = findGraphNode(graph, nodeId)?.inputs ?? {};
  return Object.entries(inputs).flatMap(([inputName, value]) => {
    const link = readLink(value);
    if (link === null || findGraphNode(graph, link.nodeId) !== undefined) return [];
    return [{ nodeId, inputName, sourceId: link.nodeId }];
  });
}

function describe({ nodeId, inputName, sourceId }: BrokenLink, effect: ProblemEffect): JudgedProblem {
  return {
    nodeId,
    inputName,
    type: 'exception_during_validation',
    message: `Input ${inputName.slice(0, 200)} links to node '${sourceId.slice(0, 200)}', which is not in the graph`,
    certainty: 'certain',
    effect,
  };
}
