import { isRecord } from '../json/records.ts';
import { type Graph, type GraphNode, readLink } from './graph.ts';
import { findNodeInfo, type ObjectInfo } from './object-info.ts';

/** One step of filling the new node's inputs, in order: from an old input or with a fixed value. */
type InputMapping = { newId: string; oldId: string } | { newId: string; value: unknown };

/** How a server replaces one class that it no longer has; plain JSON. */
export interface NodeReplacement {
  newClass: string;
  /** Null drops all inputs, which is what ComfyUI does. */
  inputs: readonly InputMapping[] | null;
  /** Old output index and new one; if several name the same old one, the last counts. Others keep their index. */
  outputs: readonly (readonly [from: number, to: number])[];
}

/** GET /node_replacements: removed class → its replacement (ComfyUI 0.14.0 and later). */
export type NodeReplacements = ReadonlyMap<string, NodeReplacement>;

/** Reads the response of GET /node_replacements; invalid entries are left out. Only the first replacement of a class counts. */
export function parseNodeReplacements(body: unknown): NodeReplacements {
  const found = new Map<string, NodeReplacement>();
  if (!isRecord(body)) return found;
  for (const [oldClass, listed] of Object.entries(body)) {
    const first: unknown = Array.isArray(listed) ? listed[0] : undefined;
    if (!isRecord(first) || typeof first['new_node_id'] !== 'string') continue;
    found.set(oldClass, {
      newClass: first['new_node_id'],
      inputs: readInputMappings(first['input_mapping']),
      outputs: readOutputMappings(first['output_mapping']),
    });
  }
  return found;
}

function readInputMappings(listed: unknown): InputMapping[] | null {
  if (!Array.isArray(listed)) return null;
  return listed.flatMap((item: unknown): InputMapping[] => {
    if (!isRecord(item) || typeof item['new_id'] !== 'string') return [];
    const newId = item['new_id'];
    if (Object.hasOwn(item, 'set_value')) return [{ newId, value: item['set_value'] }];
    return typeof item['old_id'] === 'string' ? [{ newId, oldId: item['old_id'] }] : [];
  });
}

function readOutputMappings(listed: unknown): [number, number][] {
  const mapped: [number, number][] = [];
  for (const item of Array.isArray(listed) ? listed : []) {
    if (!isRecord(item)) continue;
    const { old_idx: from, new_idx: to } = item;
    if (typeof from === 'number' && typeof to === 'number') mapped.push([from, to]);
  }
  return mapped;
}

/** The replacement of a class that this server lacks; null if it has the class, or no replacement. */
export function findReplacement(
  classType: string,
  objectInfo: ObjectInfo,
  replacements: NodeReplacements,
): NodeReplacement | null {
  if (findNodeInfo(objectInfo, classType) !== undefined) return null;
  const replacement = replacements.get(classType);
  return replacement && findNodeInfo(objectInfo, replacement.newClass) ? replacement : null;
}

/** An old input that a replacement reads and the node does not have: ComfyUI answers 500. */
export interface MissingOldInput {
  nodeId: string;
  inputName: string;
}

/** The graph as ComfyUI rewrites it before its check. The given graph is not changed; it is returned if nothing is replaced. */
export function replaceNodes(
  graph: Graph,
  objectInfo: ObjectInfo,
  replacements: NodeReplacements,
): { graph: Graph; missing: MissingOldInput[] } {
  const replaced = new Map<string, NodeReplacement>();
  for (const [nodeId, { class_type: classType }] of Object.entries(graph)) {
    const found = findReplacement(classType, objectInfo, replacements);
    if (found !== null) replaced.set(nodeId, found);
  }
  if (replaced.size === 0) return { graph, missing: [] };
  const missing: MissingOldInput[] = [];
  const copy: Graph = {};
  for (const [nodeId, node] of Object.entries(graph)) {
    const replacement = replaced.get(nodeId);
    const inputs = replacement
      ? mapInputs(node, replacement, (inputName) => missing.push({ nodeId, inputName }))
      : node.inputs;
    copy[nodeId] = {
      ...node,
      class_type: replacement?.newClass ?? node.class_type,
      inputs: mapOutputs(inputs, replaced),
    };
  }
  return { graph: copy, missing };
}

function mapInputs(
  node: GraphNode,
  replacement: NodeReplacement,
  onMissing: (inputName: string) => void,
): Record<string, unknown> {
  const inputs: Record<string, unknown> = {};
  for (const mapping of replacement.inputs ?? []) {
    if ('value' in mapping) inputs[mapping.newId] = mapping.value;
    else if (Object.hasOwn(node.inputs, mapping.oldId)) inputs[mapping.newId] = node.inputs[mapping.oldId];
    else onMissing(mapping.oldId);
  }
  return inputs;
}

function mapOutputs(
  inputs: Record<string, unknown>,
  replaced: ReadonlyMap<string, NodeReplacement>,
): Record<string, unknown> {
  const mapped: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(inputs)) {
    const link = readLink(value);
    const outputs = link && replaced.get(link.nodeId)?.outputs;
    const index = link && outputs?.findLast(([from]) => from === link.outputIndex)?.[1];
    mapped[name] = link && typeof index === 'number' ? [link.nodeId, index] : value;
  }
  return mapped;
}
