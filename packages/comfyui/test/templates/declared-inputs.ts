import type { Graph } from '../../src/graphs/graph.ts';
import { findNodeInfo, type ObjectInfo } from '../../src/graphs/object-info.ts';
import { isRecord } from '../../src/json/records.ts';

/** How an input is declared: directly, as the selector of an option, by the chosen option, or by a growing list. */
type Origin = 'plain' | 'selector' | 'option' | 'growing';

/** An input of one graph node that its class declares and the graph gives, derived here independently, so that mutations do not depend on the code under test. */
export interface DeclaredInput {
  nodeId: string;
  /** As in the graph, with dots. */
  name: string;
  value: unknown;
  required: boolean;
  /** The type's name; COMBO for a list of choices. */
  type: string;
  /** Choices of a list; for a selector the keys of its options. */
  choices: unknown[] | null;
  /** The list is in place of the type, as in node classes of the first API. */
  isFirstApi: boolean;
  options: Record<string, unknown>;
  origin: Origin;
}

/** All declared inputs that a graph sets. */
export function listDeclaredInputs(graph: Graph, objectInfo: ObjectInfo): DeclaredInput[] {
  return Object.entries(graph).flatMap(([nodeId, node]) => {
    const input = findNodeInfo(objectInfo, node.class_type)?.input;
    const scope: Scope = { nodeId, inputs: node.inputs, prefix: '', origin: 'plain' };
    return [...readGroup(scope, input?.required, true), ...readGroup(scope, input?.optional, false)];
  });
}

interface Scope {
  nodeId: string;
  inputs: Record<string, unknown>;
  prefix: string;
  origin: Origin;
}

function readGroup(scope: Scope, group: unknown, required: boolean): DeclaredInput[] {
  if (!isRecord(group)) return [];
  return Object.entries(group).flatMap(([name, spec]) =>
    Array.isArray(spec) ? readSpec(scope, { name: scope.prefix + name, spec, required }) : [],
  );
}

interface WrittenSpec {
  name: string;
  spec: unknown[];
  required: boolean;
}

function readSpec(scope: Scope, { name, spec, required }: WrittenSpec): DeclaredInput[] {
  const [kind, second] = spec;
  const options = isRecord(second) ? second : {};
  if (kind === 'COMFY_AUTOGROW_V3') return readGrowing(scope, name, options);
  if (!Object.hasOwn(scope.inputs, name)) return [];
  const isSelector = kind === 'COMFY_DYNAMICCOMBO_V3';
  const listed = listChoices(kind, options);
  const own: DeclaredInput = {
    nodeId: scope.nodeId,
    name,
    value: scope.inputs[name],
    required,
    type: typeof kind === 'string' ? kind : 'COMBO',
    choices: isSelector ? (listed ?? []).map((option) => isRecord(option) && option['key']) : listed,
    isFirstApi: Array.isArray(kind),
    options,
    origin: isSelector ? 'selector' : scope.origin,
  };
  return isSelector ? [own, ...readOption(scope, own, listed ?? [])] : [own];
}

function listChoices(kind: unknown, options: Record<string, unknown>): unknown[] | null {
  if (Array.isArray(kind)) return kind;
  return Array.isArray(options['options']) ? options['options'] : null;
}

/** Inputs of the chosen option; those it requires are required even if the selector is not. */
function readOption(scope: Scope, { name, value }: DeclaredInput, listed: unknown[]): DeclaredInput[] {
  const chosen = listed.find((option) => isRecord(option) && option['key'] === value);
  const inputs = isRecord(chosen) && isRecord(chosen['inputs']) ? chosen['inputs'] : {};
  const inner: Scope = { ...scope, prefix: `${name}.`, origin: 'option' };
  return [...readGroup(inner, inputs['required'], true), ...readGroup(inner, inputs['optional'], false)];
}

function readGrowing(scope: Scope, name: string, options: Record<string, unknown>): DeclaredInput[] {
  const template = isRecord(options['template']) ? options['template'] : {};
  const input = isRecord(template['input']) ? template['input'] : {};
  const group = isRecord(input['required']) ? input['required'] : input['optional'];
  const spec: unknown = isRecord(group) ? Object.values(group)[0] : undefined;
  if (!Array.isArray(spec)) return [];
  const least = Number(template['min'] ?? 0);
  return namesOf(template).flatMap((item, index) =>
    readSpec({ ...scope, origin: 'growing' }, { name: `${name}.${item}`, spec, required: index < least }),
  );
}

function namesOf(template: Record<string, unknown>): string[] {
  if (Array.isArray(template['names'])) return template['names'].map(String);
  return Array.from(
    { length: Number(template['max'] ?? 0) },
    (_, index) => `${String(template['prefix'])}${index}`,
  );
}
