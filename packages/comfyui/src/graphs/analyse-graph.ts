import { isLosslessNumber } from '../json/lossless-number.ts';
import { type Graph, type GraphNode, readLink } from './graph.ts';
import { findNodeInfo, type ObjectInfo } from './object-info.ts';
import { isOutputNode } from './requirements.ts';

/** Describes one graph node: its literal inputs and whether it returns results. */
export interface AnalysedNode {
  nodeId: string;
  classType: string;
  title: string;
  isOutput: boolean;
  /** False when the server does not know the class; null without object_info. */
  known: boolean | null;
}

/** One link, from an output to an input. `type` is null without object_info. */
export interface AnalysedConnection {
  fromNodeId: string;
  outputIndex: number;
  toNodeId: string;
  inputName: string;
  type: string | null;
}

/** One literal input: a value that a caller could set. Numbers stay lossless. */
export interface AnalysedInput {
  nodeId: string;
  inputName: string;
  valueType: 'number' | 'text' | 'boolean' | 'null' | 'object' | 'list';
  value: unknown;
}

/** Describes a graph: nodes, connections, literal inputs, output nodes, and the number of nodes per class. */
export interface GraphAnalysis {
  nodes: AnalysedNode[];
  connections: AnalysedConnection[];
  inputs: AnalysedInput[];
  outputs: AnalysedNode[];
  classCounts: Record<string, number>;
}

/** Describes a graph (WF17); with object_info also link types and unknown classes. */
export function analyseGraph(graph: Graph, objectInfo?: ObjectInfo): GraphAnalysis {
  const entries = Object.entries(graph);
  const nodes = entries.map(([nodeId, node]) => analyseNode({ graph, objectInfo }, nodeId, node));
  const classCounts: Record<string, number> = {};
  for (const node of nodes) classCounts[node.classType] = (classCounts[node.classType] ?? 0) + 1;
  return {
    nodes,
    connections: entries.flatMap(([nodeId, node]) => readConnections({ graph, objectInfo }, nodeId, node)),
    inputs: entries.flatMap(([nodeId, node]) => readLiterals(nodeId, node)),
    outputs: nodes.filter((node) => node.isOutput),
    classCounts,
  };
}

interface Scope {
  graph: Graph;
  objectInfo: ObjectInfo | undefined;
}

function analyseNode({ graph, objectInfo }: Scope, nodeId: string, node: GraphNode): AnalysedNode {
  const info = objectInfo && findNodeInfo(objectInfo, node.class_type);
  return {
    nodeId,
    classType: node.class_type,
    title: node._meta?.title ?? info?.display_name ?? node.class_type,
    isOutput: isOutputNode(graph, nodeId, objectInfo),
    known: objectInfo === undefined ? null : info !== undefined,
  };
}

function readConnections(
  { graph, objectInfo }: Scope,
  nodeId: string,
  node: GraphNode,
): AnalysedConnection[] {
  return Object.entries(node.inputs).flatMap(([inputName, value]) => {
    const link = readLink(value);
    if (link === null) return [];
    const source = Object.hasOwn(graph, link.nodeId) ? graph[link.nodeId] : undefined;
    const type: unknown =
      source && objectInfo && findNodeInfo(objectInfo, source.class_type)?.output?.[link.outputIndex];
    return [
      {
        fromNodeId: link.nodeId,
        outputIndex: link.outputIndex,
        toNodeId: nodeId,
        inputName,
        type: typeof type === 'string' ? type : null,
      },
    ];
  });
}

function readLiterals(nodeId: string, node: GraphNode): AnalysedInput[] {
  return Object.entries(node.inputs)
    .filter(([, value]) => readLink(value) === null)
    .map(([inputName, value]) => ({ nodeId, inputName, valueType: detectValueType(value), value }));
}

function detectValueType(value: unknown): AnalysedInput['valueType'] {
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return 'list';
  if (typeof value === 'number' || typeof value === 'bigint' || isLosslessNumber(value)) return 'number';
  if (typeof value === 'boolean') return 'boolean';
  return typeof value === 'string' ? 'text' : 'object';
}
