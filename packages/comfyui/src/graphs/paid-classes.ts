import { collectAncestors, findGraphNode, type Graph } from './graph.ts';
import { findNodeInfo, type ObjectInfo } from './object-info.ts';
import { isOutputNode } from './requirements.ts';

/** The classes of a graph whose nodes cost money at a provider each time they run; sorted, each once. */
export interface PaidClasses {
  /** Classes of nodes that feed an output, so that ComfyUI runs them. */
  fed: string[];
  /** Classes only of nodes that feed no output: ComfyUI never runs these. */
  idle: string[];
}

/** True when the server reports that nodes of this class call a paid service: `api_node` (protocol 8.1). */
export function isPaidClass(objectInfo: ObjectInfo, classType: string): boolean {
  return findNodeInfo(objectInfo, classType)?.['api_node'] === true;
}

/** The paid classes of a graph, according to any of these servers. A node is an output if one of them reports it as one. */
export function findPaidClasses(graph: Graph, servers: readonly ObjectInfo[]): PaidClasses {
  const classTypes = new Set(Object.values(graph).map((node) => node.class_type));
  const isPaid = (classType: string) => servers.some((server) => isPaidClass(server, classType));
  const paid = [...classTypes].filter(isPaid).sort();
  if (paid.length === 0) return { fed: [], idle: [] };
  const outputs = Object.keys(graph).filter((id) => isOutput(graph, id, servers));
  const fed = new Set([...collectAncestors(graph, outputs)].map((id) => classOf(graph, id)));
  return {
    fed: paid.filter((classType) => fed.has(classType)),
    idle: paid.filter((classType) => !fed.has(classType)),
  };
}

function classOf(graph: Graph, nodeId: string): string {
  return findGraphNode(graph, nodeId)?.class_type ?? '';
}

function isOutput(graph: Graph, nodeId: string, servers: readonly ObjectInfo[]): boolean {
  const knowing = servers.filter((server) => findNodeInfo(server, classOf(graph, nodeId)) !== undefined);
  if (knowing.length === 0) return isOutputNode(graph, nodeId);
  return knowing.some((server) => isOutputNode(graph, nodeId, server));
}
