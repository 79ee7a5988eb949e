import { type Graph, readLink } from '@comfleet/comfyui';
import type { AssetId, AttemptId } from '@comfleet/contract';

/** A file of ours that a graph input names: bound to an asset at acceptance, pushed to the worker before the POST. */
export interface InputFile {
  nodeId: string;
  inputName: string;
  assetId: AssetId;
}

export interface PreparedGraph {
  graph: Graph;
  /** Twin node id → the node whose bytes it keeps. */
  twins: ReadonlyMap<string, string>;
  /** Put into file names of this attempt; taken out of result names again. */
  tag: string;
}

const TWIN_PREFIX = 'comfleet_twin_';

/**
 * Makes the graph of one attempt from the task's: file names that no other attempt shares (two workers may share an
 * output folder, and cached prompts name files of earlier runs), and a hidden PreviewImage beside each
 * SaveImageWebsocket, so that its bytes survive a lost socket. The graph itself is not touched.
 */
export function prepareGraph(graph: Graph, tag: string): PreparedGraph {
  const prepared: Graph = {};
  const twins = new Map<string, string>();
  for (const [nodeId, node] of Object.entries(graph)) {
    prepared[nodeId] = { ...node, inputs: tagPrefix(node.inputs, tag) };
    if (node.class_type === 'SaveImageWebsocket' && readLink(node.inputs.images)) {
      const twinId = nameTwin(nodeId, (id) => Object.hasOwn(graph, id) || twins.has(id));
      twins.set(twinId, nodeId);
      prepared[twinId] = { class_type: 'PreviewImage', inputs: { images: node.inputs.images } };
    }
  }
  return { graph: prepared, twins, tag };
}

/** The caller's own nodes may have any id: a twin takes one that is free, the same one again when the attempt is resumed. */
function nameTwin(nodeId: string, isTaken: (id: string) => boolean): string {
  let twinId = `${TWIN_PREFIX}${nodeId}`;
  while (isTaken(twinId)) twinId += '_';
  return twinId;
}

function tagPrefix(inputs: Record<string, unknown>, tag: string): Record<string, unknown> {
  const prefix = inputs.filename_prefix;
  if (typeof prefix !== 'string') return { ...inputs };
  return { ...inputs, filename_prefix: `${partDots(prefix)}${tag}` };
}

/** ComfyUI saves a name with two dots in a row, but `/view` answers 400 for it (protocol 7.2). Folders before it may have them. */
function partDots(prefix: string): string {
  const at = Math.max(prefix.lastIndexOf('/'), prefix.lastIndexOf('\\')) + 1;
  return prefix.slice(0, at) + prefix.slice(at).replace(/\.(?=\.)/g, '.~');
}

/** The tag of an attempt: short, legal in file names of every system, and unlike what people write. */
export function createTag(attemptId: AttemptId): string {
  return `~${attemptId.slice(-8)}`;
}

/** The file name as the graph asked for it. */
export function restoreName(filename: string, tag: string): string {
  if (!filename.includes(tag)) return filename;
  return filename.replace(tag, '').replace(/\.~(?=\.)/g, '.');
}

/** Replaces inputs on a copy, for the names a worker gave to uploaded files. */
export function withInputs(
  graph: Graph,
  values: readonly { nodeId: string; inputName: string; value: unknown }[],
): Graph {
  const copy: Graph = { ...graph };
  for (const { nodeId, inputName, value } of values) {
    const node = copy[nodeId];
    if (node) copy[nodeId] = { ...node, inputs: { ...node.inputs, [inputName]: value } };
  }
  return copy;
}
