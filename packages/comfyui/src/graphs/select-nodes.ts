import { findGraphNode, type Graph, type GraphProblem, readLink } from './graph.ts';

/** Ways to select a graph node (WF14). `index` counts nodes of a class in the order of the file, from 0. */
export type NodeSelector =
  | { nodeId: string }
  | { classType: string; index?: number }
  | { title: string }
  | { role: 'positive' | 'negative' };

/** New values for inputs of one graph node. */
export type NodeUpdate = NodeSelector & { inputs: Record<string, unknown> };

/** Node id → input → value, or a list of selected nodes. */
export type GraphUpdates = Record<string, Record<string, unknown>> | readonly NodeUpdate[];

/** The id of the selected graph node, or null when the graph has none. */
export function selectNode(graph: Graph, selector: NodeSelector): string | null {
  if ('nodeId' in selector) return findGraphNode(graph, selector.nodeId) ? selector.nodeId : null;
  const entries = Object.entries(graph);
  if ('classType' in selector) {
    const ids = entries.filter(([, node]) => node.class_type === selector.classType).map(([id]) => id);
    return ids[selector.index ?? 0] ?? null;
  }
  if ('title' in selector)
    return entries.find(([, node]) => node._meta?.title === selector.title)?.[0] ?? null;
  return selectPrompt(graph, selector.role);
}

/** Follows the `positive` or `negative` input of a sampler to the first node that holds a text. */
function selectPrompt(graph: Graph, role: 'positive' | 'negative'): string | null {
  for (const node of Object.values(graph)) {
    const link = readLink(node.inputs[role]);
    const found = link && findText(graph, link.nodeId, role);
    if (found) return found;
  }
  return null;
}

/** Searches upstream from a node, depth first; nodes that pass prompts on are followed in the same role only. */
function findText(graph: Graph, startId: string, role: string): string | null {
  const seen = new Set<string>();
  const open = [startId];
  for (let nodeId = open.pop(); nodeId !== undefined; nodeId = open.pop()) {
    const node = findGraphNode(graph, nodeId);
    if (node === undefined || seen.has(nodeId)) continue;
    seen.add(nodeId);
    if (typeof node.inputs['text'] === 'string') return nodeId;
    const own = readLink(node.inputs[role]);
    const links = own === null ? Object.values(node.inputs).map(readLink) : [own];
    open.push(...links.flatMap((link) => (link === null ? [] : [link.nodeId])).reverse());
  }
  return null;
}

/** Applies updates to a copy of the graph; a node or input that does not exist is a problem, never silently ignored (WF6). */
export function applyUpdates(
  graph: Graph,
  updates: GraphUpdates,
): { graph: Graph; problems: GraphProblem[] } {
  const copy: Graph = { ...graph };
  const problems: GraphProblem[] = [];
  for (const update of toList(updates)) {
    const nodeId = selectNode(copy, update);
    const node = nodeId === null ? undefined : copy[nodeId];
    if (nodeId === null || node === undefined) {
      problems.push({
        nodeId: null,
        inputName: null,
        type: 'unknown_node',
        message: `No node ${describe(update)}`,
      });
      continue;
    }
    for (const inputName of Object.keys(update.inputs).filter((name) => !Object.hasOwn(node.inputs, name))) {
      const message = `Node '${nodeId}' (${node.class_type}) has no input ${inputName}`;
      problems.push({ nodeId, inputName, type: 'unknown_input', message });
    }
    copy[nodeId] = { ...node, inputs: { ...node.inputs, ...update.inputs } };
  }
  return { graph: copy, problems };
}

function toList(updates: GraphUpdates): readonly NodeUpdate[] {
  return isList(updates) ? updates : Object.entries(updates).map(([nodeId, inputs]) => ({ nodeId, inputs }));
}

function isList(updates: GraphUpdates): updates is readonly NodeUpdate[] {
  return Array.isArray(updates);
}

function describe(update: NodeUpdate): string {
  const { inputs: _inputs, ...selector } = update;
  return JSON.stringify(selector);
}
