import { posix } from 'node:path';
import {
  findNodeInfo,
  findReplacement,
  type Graph,
  type GraphNode,
  isJsonNumber,
  isModelFileName,
  isPaidClass,
  isRecord,
  type NodeInfo,
  replaceNodes,
} from '@comfleet/comfyui';
import type { Inventory } from '../../fleet/workers/inventory/inventory.ts';
import { toWorkerKind } from '../../fleet/workers/inventory/worker-kind.ts';
import type { NodeFacts, SizeFact } from './check-graph-policies.ts';
import type { LimitName } from './rule.ts';

/** A worker on which the graph may run, as far as rules need it. */
export type PolicyServer = Pick<Inventory, 'objectInfo' | 'classTypes' | 'models' | 'replacements'>;

/** Inputs that a limit applies to; `pixels` is also width × height. */
const SIZE_INPUTS: Readonly<Record<string, LimitName>> = {
  width: 'width',
  height: 'height',
  megapixels: 'pixels',
  batch_size: 'batch_size',
  steps: 'steps',
  length: 'frames',
  frames: 'frames',
  num_frames: 'frames',
  video_frames: 'frames',
};

/**
 * Reads what rules look at, one node at a time: each as these servers would run it, after their own replacements of classes. Without
 * `inputs` classes alone.
 */
export function* readNodeFacts(
  graph: Graph,
  servers: readonly PolicyServer[],
  reads: { inputs: boolean },
): Generator<NodeFacts> {
  const describeClass = createClassReader(servers);
  const findNames = createModelReader(servers);
  for (const nodeId of Object.keys(graph)) {
    const node = graph[nodeId];
    if (node === undefined) continue;
    const { class_type: writtenClass } = node;
    const { replacing, runsAsWritten } = describeClass(writtenClass);
    const forms = replacing.map((server) => replaceNode(nodeId, node, server));
    for (const { class_type: classType, inputs } of runsAsWritten ? [node, ...forms] : forms) {
      const { isApiNode, makesPixels } = describeClass(classType);
      const models = reads.inputs ? readModels(inputs, (name, text) => findNames(classType, name, text)) : [];
      const sizes = reads.inputs && makesPixels ? readSizes(inputs) : [];
      yield { nodeId, classType, writtenClass, isApiNode, models, sizes };
    }
  }
}

function replaceNode(nodeId: string, node: GraphNode, server: PolicyServer): GraphNode {
  const { graph } = replaceNodes({ [nodeId]: node }, server.objectInfo, server.replacements);
  return graph[nodeId] ?? node;
}

function readModels(
  inputs: GraphNode['inputs'],
  findNames: (inputName: string, text: string) => readonly string[],
): NodeFacts['models'] {
  return Object.entries(inputs).flatMap(([inputName, written]) =>
    listTexts(written)
      .map((text) => ({ inputName, names: findNames(inputName, text) }))
      .filter(({ names }) => names.length > 0),
  );
}

interface ClassFacts {
  isApiNode: boolean;
  /** False where it returns only conditioning: its width and height say where or how, not how large a picture gets. */
  makesPixels: boolean;
  /** Servers that run another class in its place. */
  replacing: readonly PolicyServer[];
  /** False when every server does. */
  runsAsWritten: boolean;
}

function createClassReader(servers: readonly PolicyServer[]): (classType: string) => ClassFacts {
  const known = new Map<string, ClassFacts>();
  return (classType) => {
    const facts = known.get(classType) ?? readClass(classType, servers);
    known.set(classType, facts);
    return facts;
  };
}

function readClass(classType: string, servers: readonly PolicyServer[]): ClassFacts {
  const infos = servers.map(({ objectInfo }) => findNodeInfo(objectInfo, classType)).filter(isKnown);
  const replacing = servers.filter(
    ({ objectInfo, replacements }) => findReplacement(classType, objectInfo, replacements) !== null,
  );
  return {
    replacing,
    runsAsWritten: replacing.length === 0 || replacing.length < servers.length,
    isApiNode: servers.some(({ objectInfo }) => isPaidClass(objectInfo, classType)),
    makesPixels: infos.length === 0 || !infos.every(returnsOnlyConditioning),
  };
}

function isKnown(info: NodeInfo | undefined): info is NodeInfo {
  return info !== undefined;
}

function returnsOnlyConditioning({ output }: NodeInfo): boolean {
  return Array.isArray(output) && output.length > 0 && output.every((type) => type === 'CONDITIONING');
}

/**
 * All names of a model file: its own, and behind each folder that lists it. Empty for a text that is no model: it neither ends like
 * one nor is listed, and offered for this input.
 */
function createModelReader(
  servers: readonly PolicyServer[],
): (classType: string, inputName: string, text: string) => readonly string[] {
  const folders = new Map<string, readonly string[]>();
  const findFolders = (name: string) => {
    const known = folders.get(name);
    if (known) return known;
    const found = servers.flatMap(({ models }) =>
      [...models].filter(([, names]) => names.has(name)).map(([folder]) => `${folder}/${name}`),
    );
    folders.set(name, [...new Set(found)]);
    return found;
  };
  return (classType, inputName, text) => {
    if (text.length > MAX_MODEL_NAME) return [];
    const written = text.replaceAll('\\', '/');
    const name = posix.normalize(written);
    if (isModelFileName(name)) return [name, ...findFolders(name)];
    const isOffered = servers.some((server) =>
      toWorkerKind(server).choices.list(classType, inputName)?.has(written),
    );
    const listed = isOffered ? findFolders(written) : [];
    return listed.length > 0 ? [written, ...listed] : [];
  };
}

/** Longer texts are prompts. */
const MAX_MODEL_NAME = 1000;

function readSizes(inputs: GraphNode['inputs']): SizeFact[] {
  const sizes: SizeFact[] = [];
  // Of each dynamic input, what was found of its picture.
  const areas = new Map<string, { width?: number; height?: number }>();
  for (const [inputName, written] of Object.entries(inputs)) {
    // An input inside a dynamic one is named by its path: `resize_type.width`.
    const dot = inputName.lastIndexOf('.');
    const [group, name] = [inputName.slice(0, dot + 1), inputName.slice(dot + 1)];
    const counted = countSize(name, written);
    if (counted === null) continue;
    sizes.push({ ...counted, inputName });
    if (name !== 'width' && name !== 'height') continue;
    const area = { ...areas.get(group), [name]: counted.value };
    areas.set(group, area);
    if (area.width !== undefined && area.height !== undefined)
      sizes.push({ limit: 'pixels', inputName, value: area.width * area.height });
  }
  return sizes;
}

/** What an input of this name counts as; null for any other, and for a link. */
function countSize(name: string, written: unknown): Pick<SizeFact, 'limit' | 'value'> | null {
  const limit = Object.hasOwn(SIZE_INPUTS, name) ? SIZE_INPUTS[name] : undefined;
  const value = limit === undefined ? null : readNumber(written);
  if (limit === undefined || value === null) return null;
  return { limit, value: name === 'megapixels' ? value * MEGAPIXEL : value };
}

/** As ComfyUI counts them. */
const MEGAPIXEL = 1024 * 1024;

/**
 * The number that ComfyUI reads in a value; null for a link and for text without a number. ComfyUI converts text as Python does: a
 * form that we do not read, such as other digits, counts as above every limit.
 */
function readNumber(written: unknown): number | null {
  const value = unwrap(written);
  if (isJsonNumber(value)) return Number(value);
  if (typeof value !== 'string') return null;
  const digits = value.trim().replaceAll('_', '');
  if (!/\p{Nd}|^[+-]?(inf|nan)/iu.test(digits)) return null;
  const read = /^[+-]?[\d.]+(e[+-]?\d+)?$/i.test(digits) ? Number(digits) : Number.NaN;
  return Number.isNaN(read) ? Number.POSITIVE_INFINITY : read;
}

function listTexts(written: unknown): readonly string[] {
  const value = unwrap(written);
  if (typeof value === 'string') return [value];
  // A bare list is a link; a wrapped one holds choices.
  return Array.isArray(value) && value !== written ? value.filter((item) => typeof item === 'string') : [];
}

/** ComfyUI takes `{"__value__": …}` for the value inside. */
function unwrap(written: unknown): unknown {
  return isRecord(written) && Object.hasOwn(written, '__value__') ? written.__value__ : written;
}
