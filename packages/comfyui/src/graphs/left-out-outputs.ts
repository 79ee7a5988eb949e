import type { Graph } from './graph.ts';
import { type NodeReplacements, replaceNodes } from './node-replacements.ts';
import { findNodeInfo, type ObjectInfo } from './object-info.ts';

/** Facts about the server that has the prompt. */
export interface OutputServer {
  objectInfo: ObjectInfo;
  replacements: NodeReplacements;
}

/**
 * The output nodes of a graph that a server does not execute. ComfyUI accepts a graph of which only some outputs are valid, and
 * lists those it executes with the prompt (protocol 3.2, 4). `executes` null: not reported. Pure.
 */
export function findLeftOutOutputs(
  graph: Graph,
  executes: readonly string[] | null,
  { objectInfo, replacements }: OutputServer,
): string[] {
  if (executes === null) return [];
  const executed = new Set(executes);
  const classes = Object.entries(replaceNodes(graph, objectInfo, replacements).graph);
  return classes
    .filter(
      ([id, node]) => !executed.has(id) && findNodeInfo(objectInfo, node.class_type)?.output_node === true,
    )
    .map(([id]) => id);
}
