import { collectAncestors, readLink } from '../../src/graphs/graph.ts';
import { findNodeInfo } from '../../src/graphs/object-info.ts';
import type { DeclaredInput } from './declared-inputs.ts';
import {
  isLink,
  isModelChoice,
  isNumber,
  isPlainType,
  isUpload,
  isWordChoice,
  listOutputs,
  remove,
  rewrite,
  type Scene,
  setInput,
  typeOfOutput,
} from './scene.ts';

/** Changes a scene's graph in one way; false if the graph has no place for it. */
type Mutate = (scene: Scene) => boolean;

const isLiteral = (input: DeclaredInput): boolean => !Array.isArray(input.value);
const boundOf = (input: DeclaredInput, name: 'min' | 'max'): number | null => {
  const bound = input.options[name];
  return typeof bound === 'number' && Math.abs(bound) < 1e300 ? bound : null;
};

const inputKinds = {
  'required input removed': (scene) => remove(scene, (input) => input.required && input.origin === 'plain'),
  'optional input removed': (scene) => remove(scene, (input) => !input.required),
  'input of an option removed': (scene) =>
    remove(scene, (input) => input.required && input.origin === 'option'),
  'selector removed': (scene) => remove(scene, (input) => input.origin === 'selector'),
  'unknown input, a number': (scene) => addInput(scene, () => 7),
} satisfies Record<string, Mutate>;

const choiceKinds = {
  'unknown word, first API': (scene) =>
    rewrite(
      scene,
      (input) => input.isFirstApi && isWordChoice(scene, input),
      () => 'no such word',
    ),
  'unknown word, third API': (scene) =>
    rewrite(
      scene,
      (input) => !input.isFirstApi && isWordChoice(scene, input),
      () => 'no such word',
    ),
  'word in other letters': (scene) =>
    rewrite(
      scene,
      (input) => isWordChoice(scene, input) && otherCase(input.value) !== input.value,
      (input) => otherCase(input.value),
    ),
  'unknown option of a selector': (scene) =>
    rewrite(
      scene,
      (input) => input.origin === 'selector',
      () => 'no such option',
    ),
} satisfies Record<string, Mutate>;

const fileKinds = {
  'model name empty': (scene) =>
    rewrite(
      scene,
      (input) => isModelChoice(scene, input),
      () => scene.seeded.pick(['', 'None', 'put_models_here']),
    ),
  'model absent': (scene) =>
    rewrite(
      scene,
      (input) => isModelChoice(scene, input),
      (input) => `my-${String(input.value)}`,
    ),
  'model in a folder': (scene) =>
    rewrite(
      scene,
      (input) => isModelChoice(scene, input),
      (input) => `sub/${String(input.value)}`,
    ),
  'model in a folder, as Windows writes it': (scene) =>
    rewrite(
      scene,
      (input) => isModelChoice(scene, input),
      (input) => `sub\\${String(input.value)}`,
    ),
  'input file absent': (scene) =>
    rewrite(
      scene,
      (input) => isUpload(input.options) && typeof input.value === 'string',
      (input) => `my-${String(input.value)}`,
    ),
} satisfies Record<string, Mutate>;

const valueKinds = {
  'number below the least': (scene) =>
    rewrite(
      scene,
      (input) => isNumber(input) && boundOf(input, 'min') !== null,
      (input) => beyond(boundOf(input, 'min') ?? 0, -1),
    ),
  'number above the most': (scene) =>
    rewrite(
      scene,
      (input) => isNumber(input) && boundOf(input, 'max') !== null,
      (input) => beyond(boundOf(input, 'max') ?? 0, 1),
    ),
  'word for a number': (scene) =>
    rewrite(scene, isNumber, () => scene.seeded.pick(['many', '', '12px', '1,5'])),
  'number as text': (scene) => rewrite(scene, isNumber, (input) => ` ${String(input.value)}`),
  'truth value for a number': (scene) => rewrite(scene, isNumber, () => scene.seeded.pick([true, false])),
  'number for a text': (scene) =>
    rewrite(
      scene,
      (input) => input.type === 'STRING' && typeof input.value === 'string',
      () => scene.seeded.pick([7, 0.5]),
    ),
  'null for a value': (scene) => rewrite(scene, isLiteral, () => null),
  'list for a value': (scene) => rewrite(scene, isLiteral, () => scene.seeded.pick([[1, 2, 3], [], [1, 2]])),
  'object for a value': (scene) => rewrite(scene, isLiteral, () => ({ a: 1 })),
  'value wrapped': (scene) => rewrite(scene, isLiteral, (input) => ({ __value__: input.value })),
} satisfies Record<string, Mutate>;

const linkKinds = {
  'link to an absent node': (scene) => rewrite(scene, isLink, () => ['no-such-node', 0]),
  'link to an absent node, undeclared input': (scene) => addInput(scene, () => ['no-such-node', 0]),
  'link to a present node, undeclared input': (scene) =>
    addInput(scene, (nodeId) => pickFarLink(scene, nodeId)),
  'autogrowing name beyond the list': addBeyondList,
  'wrong index of an output': (scene) =>
    rewrite(scene, isLink, (input) => [
      readLink(input.value)?.nodeId,
      scene.seeded.pick([99, -1, -99, '0', 0.5, null, true]),
    ]),
  'link of another type': linkOtherType,
  'node removed that others need': removeSource,
  cycle: closeCycle,
} satisfies Record<string, Mutate>;

const nodeKinds = {
  'unknown class': (scene) => onNode(scene, (node) => ({ ...node, class_type: 'NoSuchClass' })),
  'class_type missing': (scene) => onNode(scene, ({ class_type: _class, ...rest }) => rest),
  'node without inputs': (scene) => onNode(scene, ({ inputs: _inputs, ...rest }) => rest),
  'idle node without inputs': (scene) => {
    Object.assign(scene.graph, { idle: { class_type: 'EmptyImage', _meta: { title: 'idle' } } });
    return true;
  },
  'all outputs removed': (scene) => {
    for (const [nodeId, node] of Object.entries(scene.graph)) {
      if (findNodeInfo(scene.objectInfo, node.class_type)?.output_node === true) delete scene.graph[nodeId];
    }
    return Object.keys(scene.graph).length > 0;
  },
} satisfies Record<string, Mutate>;

/** Every kind of mutation by its name. */
export const mutationKinds: Readonly<Record<string, Mutate>> = {
  ...inputKinds,
  ...choiceKinds,
  ...fileKinds,
  ...valueKinds,
  ...linkKinds,
  ...nodeKinds,
};

/** Kinds that ComfyUI accepts with 200 and that then kill its worker thread (protocol 13.1): we must refuse them. */
export const killingKinds: ReadonlySet<string> = new Set([
  'link to an absent node, undeclared input',
  'idle node without inputs',
]);

function otherCase(value: unknown): string {
  const text = String(value);
  return text === text.toUpperCase() ? text.toLowerCase() : text.toUpperCase();
}

/** A value one step beyond a bound; a bound too large for steps is doubled. */
function beyond(bound: number, step: 1 | -1): number {
  return Math.abs(bound) > 2 ** 52 ? bound * 2 : bound + step;
}

function addInput(scene: Scene, make: (nodeId: string) => unknown): boolean {
  const nodeId = scene.seeded.pick(Object.keys(scene.graph));
  if (nodeId === undefined) return false;
  setInput(scene, { nodeId, name: 'no_such_input' }, make(nodeId));
  return true;
}

/** A link that closes no cycle. */
function pickFarLink(scene: Scene, nodeId: string): unknown[] {
  const sources = listOutputs(scene).filter((output) => !feeds(scene, nodeId, output.nodeId));
  const source = scene.seeded.pick(sources);
  return source === undefined ? [nodeId, 0, 0] : [source.nodeId, source.outputIndex];
}

/** True when `upper` is `lower` or anywhere above it. */
function feeds(scene: Scene, upper: string, lower: string): boolean {
  return collectAncestors(scene.graph, [lower]).has(upper);
}

function addBeyondList(scene: Scene): boolean {
  const input = scene.seeded.pick(scene.declared.filter(({ origin }) => origin === 'growing'));
  if (input === undefined) return false;
  const name = `${input.name.slice(0, input.name.lastIndexOf('.'))}.beyond${Math.floor(scene.seeded.next() * 1000)}`;
  setInput(scene, { nodeId: input.nodeId, name }, input.value);
  return true;
}

function linkOtherType(scene: Scene): boolean {
  const inputs = scene.declared.filter((input) => isLink(input) && isPlainType(input.type));
  for (const input of scene.seeded.shuffle(inputs)) {
    const outputs = listOutputs(scene).filter(
      (output) => output.type !== input.type && !feeds(scene, input.nodeId, output.nodeId),
    );
    const output = scene.seeded.pick(outputs);
    if (output === undefined) continue;
    setInput(scene, input, [output.nodeId, output.outputIndex]);
    return true;
  }
  return false;
}

function removeSource(scene: Scene): boolean {
  const input = scene.seeded.pick(scene.declared.filter(isLink));
  const link = input && readLink(input.value);
  if (!link) return false;
  delete scene.graph[link.nodeId];
  return true;
}

/** Links an input to an output of a node further down, of the same type where there is one. */
function closeCycle(scene: Scene): boolean {
  for (const input of scene.seeded.shuffle(scene.declared.filter(isLink))) {
    const link = readLink(input.value);
    const wanted = link && typeOfOutput(scene, link.nodeId, link.outputIndex);
    const below = listOutputs(scene).filter(
      ({ nodeId, type }) => type === wanted && feeds(scene, input.nodeId, nodeId),
    );
    const target = scene.seeded.pick(below);
    if (target === undefined) continue;
    setInput(scene, input, [target.nodeId, target.outputIndex]);
    return true;
  }
  return false;
}

/** Replaces a node by the result of `change`. */
function onNode(scene: Scene, change: (node: Scene['graph'][string]) => object): boolean {
  const nodeId = scene.seeded.pick(Object.keys(scene.graph));
  const node = nodeId === undefined ? undefined : scene.graph[nodeId];
  if (nodeId === undefined || node === undefined) return false;
  Object.assign(scene.graph, { [nodeId]: change(node) });
  return true;
}
