import { type Graph, readLink } from '../../src/graphs/graph.ts';
import { findNodeInfo, type ObjectInfo } from '../../src/graphs/object-info.ts';
import { type DeclaredInput, listDeclaredInputs } from './declared-inputs.ts';
import type { Seeded } from './seeded.ts';

/** A copy of a graph for one mutation, with the values to choose from. */
export interface Scene {
  graph: Graph;
  objectInfo: ObjectInfo;
  seeded: Seeded;
  declared: DeclaredInput[];
  /** Names of the files that the server lists as models. */
  models: ReadonlySet<string>;
}

/** Copies the graph, so that a mutation only changes the scene. */
export function openScene(source: Omit<Scene, 'declared'>): Scene {
  const graph = structuredClone(source.graph);
  return { ...source, graph, declared: listDeclaredInputs(graph, source.objectInfo) };
}

/** Picks a matching declared input and sets the value that `write` returns for it; false if the graph has none. */
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

/** Picks a matching declared input and removes it. */
export function remove(scene: Scene, fits: (input: DeclaredInput) => boolean): boolean {
  const input = scene.seeded.pick(scene.declared.filter(fits));
  if (input === undefined) return false;
  delete scene.graph[input.nodeId]?.inputs[input.name];
  return true;
}

/** Sets an input of the scene's graph. */
export function setInput(scene: Scene, input: { nodeId: string; name: string }, value: unknown): void {
  const node = scene.graph[input.nodeId];
  if (node !== undefined) node.inputs[input.name] = value;
}

/** Whether the input is a number literal. */
export function isNumber({ type, value }: DeclaredInput): boolean {
  return (type === 'INT' || type === 'FLOAT') && typeof value === 'number';
}

export function isLink({ value }: DeclaredInput): boolean {
  return readLink(value) !== null;
}

/** Whether the input is a choice among words of the class, not among files. */
export function isWordChoice(scene: Scene, { choices, origin, value, options }: DeclaredInput): boolean {
  if (choices === null || origin === 'selector' || typeof value !== 'string') return false;
  return !isUpload(options) && !choices.some((choice) => scene.models.has(String(choice)));
}

/** Whether the input is a choice that names a model file. */
export function isModelChoice(scene: Scene, { choices, value }: DeclaredInput): boolean {
  return choices !== null && typeof value === 'string' && scene.models.has(value);
}

/** True if the options declare that the input names an uploaded file. */
export function isUpload(options: Record<string, unknown>): boolean {
  return Object.keys(options).some((key) => key.endsWith('_upload'));
}

/** The type of an output as its class declares it; null for lists and unknown outputs. */
export function typeOfOutput(scene: Scene, nodeId: string, outputIndex: number): string | null {
  const node = scene.graph[nodeId];
  const info = node && findNodeInfo(scene.objectInfo, node.class_type);
  const type = info?.output?.[outputIndex];
  return typeof type === 'string' ? type : null;
}

/** All outputs of the graph with a plain type. */
export function listOutputs(scene: Scene): { nodeId: string; outputIndex: number; type: string }[] {
  return Object.entries(scene.graph).flatMap(([nodeId, node]) => {
    const outputs = findNodeInfo(scene.objectInfo, node.class_type)?.output ?? [];
    return outputs.flatMap((type, outputIndex) =>
      typeof type === 'string' && isPlainType(type) ? [{ nodeId, outputIndex, type }] : [],
    );
  });
}

/** True for a type that only matches itself: no union, no wildcard, none that only the page matches. */
export function isPlainType(type: string): boolean {
  return /^[A-Z0-9_]+$/.test(type) && !type.startsWith('COMFY_');
}
