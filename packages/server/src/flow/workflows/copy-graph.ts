import { type Graph, isLosslessNumber } from '@comfleet/comfyui';

/** A deep copy that keeps lossless numbers; `structuredClone` would lose them. */
export function copyGraph(graph: Graph): Graph {
  return Object.fromEntries(
    Object.entries(graph).map(([nodeId, node]) => [
      nodeId,
      {
        ...node,
        inputs: Object.fromEntries(Object.entries(node.inputs).map(([name, value]) => [name, copy(value)])),
        ...(node._meta ? { _meta: { ...node._meta } } : {}),
      },
    ]),
  );
}

function copy(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || isLosslessNumber(value)) return value;
  if (Array.isArray(value)) return value.map(copy);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, copy(item)]));
}

/** Freezes a graph deeply. */
export function freezeGraph(graph: Graph): Graph {
  freeze(graph);
  return graph;
}

function freeze(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const item of Object.values(value)) freeze(item);
}
