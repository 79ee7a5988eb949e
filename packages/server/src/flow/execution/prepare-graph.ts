import { type Graph, readLink } from '@comfleet/comfyui';
import type { AssetId, AttemptId } from '@comfleet/contract';

/** An input file: bound to an asset at acceptance, uploaded to the worker before the POST. */
export interface InputFile {
  nodeId: string;
  inputName: string;
  assetId: AssetId;
}

export interface PreparedGraph {
  graph: Graph;
  /** Twin node id → the node whose bytes it saves. */
  twins: ReadonlyMap<string, string>;
  /** Added to file names of this attempt, and removed from result names. */
  tag: string;
}

const TWIN_PREFIX = 'comfleet_twin_';

/**
 * Derives the graph of one attempt from the task's graph, which stays unchanged. File names become unique to the attempt, because
 * workers may share an output folder and cached prompts name files of earlier runs. Each SaveImageWebsocket gets a hidden
 * PreviewImage twin, so that its bytes survive a lost socket.
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

/** Node ids are the caller's choice: a twin takes a free one, and the same one again when the attempt is resumed. */
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

/** ComfyUI saves a name with two dots in a row, but `/view` rejects it (protocol 7.2). Folders may have them. */
function partDots(prefix: string): string {
  const at = Math.max(prefix.lastIndexOf('/'), prefix.lastIndexOf('\\')) + 1;
  return prefix.slice(0, at) + prefix.slice(at).replace(/\.(?=\.)/g, '.~');
}

/** The tag of an attempt: short, legal in file names everywhere, and unlike anything a user would write. */
export function createTag(attemptId: AttemptId): string {
  return `~${attemptId.slice(-8)}`;
}

/** The file name as it was in the task's graph. */
export function restoreName(filename: string, tag: string): string {
  if (!filename.includes(tag)) return filename;
  return filename.replace(tag, '').replace(/\.~(?=\.)/g, '.');
}

/** Copies a graph with replaced inputs: the names that a worker gave to uploaded files. */
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
