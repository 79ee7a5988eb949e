import { isRecord } from '../json/records.ts';
import { collectAncestors, findGraphNode, type Graph, type GraphNode } from './graph.ts';
import { findNodeInfo, type ObjectInfo } from './object-info.ts';
import { readLists } from './read-lists.ts';
import { isFileInput, isOutputNode } from './requirements.ts';

/** A value that a graph picks from the list of an input, with `/` between folders whatever system wrote it. */
export interface Choice {
  classType: string;
  inputName: string;
  value: string;
}

/** Listed value with `/` → the server's spelling. */
type Offered = ReadonlyMap<string, string>;

const NO_INPUTS: ReadonlyMap<string, Offered> = new Map();

/**
 * The choices that a server offers for the inputs of its classes, by lookup only. Lists of uploaded files, and lists that another
 * address fills, do not count as lists: such inputs take any value.
 */
export class OfferedChoices {
  readonly objectInfo: ObjectInfo;
  /** Class → input → choices; a class is read on first use. */
  readonly #classes = new Map<string, ReadonlyMap<string, Offered>>();

  constructor(objectInfo: ObjectInfo) {
    this.objectInfo = objectInfo;
  }

  /** The choices of an input, by value with `/`; null when it has no list of its own, so that any value may do. */
  list(classType: string, inputName: string): Offered | null {
    return this.#read(classType).get(inputName) ?? null;
  }

  /** Whether the server lists the value for this input, or has no list to check it against. */
  takes({ classType, inputName, value }: Choice): boolean {
    return this.list(classType, inputName)?.has(value) ?? true;
  }

  /** Every list of the server, by class and sorted: equal for servers that offer the same choices. */
  *describe(): Generator<[classType: string, inputs: [inputName: string, values: string[]][]]> {
    for (const classType of Object.keys(this.objectInfo).sort()) {
      const inputs = [...readOffers(this.objectInfo, classType)];
      yield [
        classType,
        inputs.map(([name, offered]) => [name, [...new Set([...offered.values()].map(toSlashes))].sort()]),
      ];
    }
  }

  #read(classType: string): ReadonlyMap<string, Offered> {
    const known = this.#classes.get(classType);
    if (known) return known;
    const read = readOffers(this.objectInfo, classType);
    this.#classes.set(classType, read);
    return read;
  }
}

function readOffers(objectInfo: ObjectInfo, classType: string): ReadonlyMap<string, Offered> {
  const info = findNodeInfo(objectInfo, classType);
  if (info === undefined) return NO_INPUTS;
  const inputs = new Map<string, Offered>();
  for (const [name, values] of readLists(info)) {
    if (isFileInput(classType, name)) continue;
    inputs.set(name, toOffered(values.filter((value) => typeof value === 'string')));
  }
  return inputs;
}

/** A value that is listed exactly as written stays so, even if another one differs only in its slashes. */
function toOffered(values: readonly string[]): Offered {
  const written = values.map((value) => [value, value] as const);
  return new Map([...values.map((value) => [toSlashes(value), value] as const), ...written]);
}

/**
 * Reads the choices that a graph makes from lists of these servers, each once. Only nodes that feed an output count, because
 * ComfyUI checks no others. Placeholders ("None", "Baked VAE") are choices like any other.
 */
export function readChoices(
  graph: Graph,
  servers: readonly OfferedChoices[],
  /** True for an input whose value is replaced by a file of ours before the graph is sent. */
  isReplaced: (nodeId: string, inputName: string) => boolean = () => false,
): Choice[] {
  const choices = new Map<string, Choice>();
  for (const nodeId of collectAncestors(graph, listOutputs(graph, servers))) {
    const { class_type: classType, inputs } = findGraphNode(graph, nodeId) ?? NO_NODE;
    for (const [inputName, written] of Object.entries(inputs)) {
      if (isReplaced(nodeId, inputName)) continue;
      const values = listTexts(written).map(toSlashes);
      if (values.length === 0 || !servers.some((server) => server.list(classType, inputName))) continue;
      for (const value of values)
        choices.set(JSON.stringify([classType, inputName, value]), { classType, inputName, value });
    }
  }
  return [...choices.values()];
}

const NO_NODE: GraphNode = { class_type: '', inputs: {} };

/** Output nodes according to any server that knows the class; otherwise by the class's name. */
function listOutputs(graph: Graph, servers: readonly OfferedChoices[]): string[] {
  return Object.entries(graph)
    .filter(([nodeId, { class_type: classType }]) => {
      const knowing = servers.filter(({ objectInfo }) => findNodeInfo(objectInfo, classType));
      if (knowing.length === 0) return isOutputNode(graph, nodeId);
      return knowing.some(({ objectInfo }) => isOutputNode(graph, nodeId, objectInfo));
    })
    .map(([nodeId]) => nodeId);
}

/** The texts of a literal: itself, or the items of a wrapped list, which is no link. */
function listTexts(written: unknown): string[] {
  const value = isWrapped(written) ? written['__value__'] : written;
  if (typeof value === 'string') return [value];
  return isWrapped(written) && Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

function isWrapped(written: unknown): written is Record<string, unknown> {
  return isRecord(written) && Object.hasOwn(written, '__value__');
}

/**
 * Returns the graph with list values in this server's spelling (`SDXL\a` on Windows, `SDXL/a` elsewhere). Values that the server
 * does not list stay as written. The given graph is not changed.
 */
export function spellChoices(graph: Graph, server: OfferedChoices): Graph {
  return Object.fromEntries(Object.entries(graph).map(([nodeId, node]) => [nodeId, spellNode(node, server)]));
}

function spellNode(node: GraphNode, server: OfferedChoices): GraphNode {
  const changed = Object.entries(node.inputs).flatMap(([inputName, written]) => {
    const offered = listTexts(written).length > 0 && server.list(node.class_type, inputName);
    return offered ? [[inputName, spell(written, offered)] as const] : [];
  });
  return changed.length === 0
    ? node
    : { ...node, inputs: { ...node.inputs, ...Object.fromEntries(changed) } };
}

function spell(written: unknown, offered: Offered): unknown {
  if (typeof written === 'string') return offered.get(written) ?? offered.get(toSlashes(written)) ?? written;
  if (Array.isArray(written)) return written.map((item) => spell(item, offered));
  return isWrapped(written) ? { ...written, __value__: spell(written['__value__'], offered) } : written;
}

function toSlashes(value: string): string {
  return value.replaceAll('\\', '/');
}

const MODEL_FILE =
  /[^/]\.(safetensors|sft|ckpt|pth|pt2?|bin|pkl|gguf|ggml|onnx|engine|trt|torchscript|msgpack|npz|h5|pb|tflite)$/i;

/** True for a value with the file extension of a model. */
export function isModelFileName(value: string): boolean {
  return MODEL_FILE.test(value);
}
