import { type Graph, readLink } from '../../src/graphs/graph.ts';
import { findNodeInfo, type ObjectInfo } from '../../src/graphs/object-info.ts';
import { type DeclaredInput, listDeclaredInputs } from './declared-inputs.ts';
import type { Seeded } from './seeded.ts';

/** A copy of a graph that one mutation may change, and what it may choose from. */
export interface Scene {
  graph: Graph;
  objectInfo: ObjectInfo;
  seeded: Seeded;
  declared: DeclaredInput[];
  /** Names of the files that the server lists as models. */
  models: ReadonlySet<string>;
}

/** Copies the graph: what a mutation does stays in the scene. */
export function openScene(source: Omit<Scene, 'declared'>): Scene {
  const graph = structuredClone(source.graph);
  return { ...source, graph, declared: listDeclaredInputs(graph, source.objectInfo) };
}

/** Picks one declared input that fits and writes the value that `write` makes of it; false when the graph has none. */
export function rewrite(
  scene: Scene,
  fits: (input: DeclaredInput) => boolean,
  write: (input: DeclaredInput) => unknown,
): boolean {
  const input = scene.seeded.pick(scene.declared.filter(fits));
  if (input === undefined) return false;
  setInput(scene, input, write(input));
  return true;
}

/** Picks one declared input that fits and takes it out. */
export function remove(scene: Scene, fits: (input: DeclaredInput) => boolean): boolean {
  const input = scene.seeded.pick(scene.declared.filter(fits));
  if (input === undefined) return false;
  delete scene.graph[input.nodeId]?.inputs[input.name];
  return true;
}

/** Writes an input of the scene's graph. */
export function setInput(scene: Scene, input: { nodeId: string; name: string }, value: unknown): void {
  const node = scene.graph[input.nodeId];
  if (node !== undefined) node.inputs[input.name] = value;
}

/** A literal of a number. */
export function isNumber({ type, value }: DeclaredInput): boolean {
  return (type === 'INT' || type === 'FLOAT') && typeof value === 'number';
}

export function isLink({ value }: DeclaredInput): boolean {
  return readLink(value) !== null;
}

/** A choice among words that are written in the class, not among files. */
export function isWordChoice(scene: Scene, { choices, origin, value, options }: DeclaredInput): boolean {
  if (choices === null || origin === 'selector' || typeof value !== 'string') return false;
  return !isUpload(options) && !choices.some((choice) => scene.models.has(String(choice)));
}

/** A choice that names a model file. */
export function isModelChoice(scene: Scene, { choices, value }: DeclaredInput): boolean {
  return choices !== null && typeof value === 'string' && scene.models.has(value);
}

/** True when the options say that the input names an uploaded file. */
export function isUpload(options: Record<string, unknown>): boolean {
  return Object.keys(options).some((key) => key.endsWith('_upload'));
}

/** The type of an output as its class declares it; null for lists and what is not there. */
export function typeOfOutput(scene: Scene, nodeId: string, outputIndex: number): string | null {
  const node = scene.graph[nodeId];
  const info = node && findNodeInfo(scene.objectInfo, node.class_type);
  const type = info?.output?.[outputIndex];
  return typeof type === 'string' ? type : null;
}

/** All outputs of the graph with a type of their own, one word each. */
export function listOutputs(scene: Scene): { nodeId: string; outputIndex: number; type: string }[] {
  return Object.entries(scene.graph).flatMap(([nodeId, node]) => {
    const outputs = findNodeInfo(scene.objectInfo, node.class_type)?.output ?? [];
    return outputs.flatMap((type, outputIndex) =>
      typeof type === 'string' && isPlainType(type) ? [{ nodeId, outputIndex, type }] : [],
    );
  });
}

/** True for a type that takes exactly itself: no union, no wildcard, none that the page alone matches. */
export function isPlainType(type: string): boolean {
  return /^[A-Z0-9_]+$/.test(type) && !type.startsWith('COMFY_');
}
