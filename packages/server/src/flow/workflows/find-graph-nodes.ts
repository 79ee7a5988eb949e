import { findGraphNode, type Graph, isJsonNumber, readLink } from '@comfleet/comfyui';
import type { DefinitionText } from '@comfleet/contract/texts/definitions';
import type { ParameterDefinition } from './task-types-schema.ts';
import type { GraphTarget } from './workflow-definition.ts';

/** The keys of `select` in a definition. */
export type Select = NonNullable<ParameterDefinition['select']>;
export type Role = 'positive' | 'negative';

/** Inputs that hold a prompt in ComfyUI's text nodes, and in nodes that hold text for one. */
const TEXT_INPUTS = ['text', 'text_g', 'text_l', 'clip_l', 't5xxl', 'prompt'];
const TEXT_SOURCES = [...TEXT_INPUTS, 'value', 'string'];
const SEED_INPUTS = ['seed', 'noise_seed'];

/** Finds the graph node that `select` describes; of several matches, in the graph's order, the one at `index` (default 0). */
export function selectNode(graph: Graph, select: Select): { nodeId: string } | { problem: DefinitionText } {
  const byRole =
    select.role === undefined ? null : new Set(findTexts(graph, select.role).map((text) => text.nodeId));
  const matches = Object.entries(graph)
    .filter(([nodeId, node]) => {
      if (select.class_type !== undefined && node.class_type !== select.class_type) return false;
      if (select.title !== undefined && node._meta?.title !== select.title) return false;
      return byRole === null || byRole.has(nodeId);
    })
    .map(([nodeId]) => nodeId);
  const nodeId = matches[select.index ?? 0];
  if (nodeId !== undefined) return { nodeId };
  const params = { select: JSON.stringify(select), count: matches.length };
  return { problem: { code: 'workflow.select_matches', params } };
}

/** The text inputs that samplers of the graph use in this role, each once, in the order of the samplers. */
export function findTexts(
  graph: Graph,
  role: Role,
  excluded: ReadonlySet<string> = new Set(),
): GraphTarget[] {
  const collect = (ids: readonly string[]) =>
    ids.flatMap((nodeId) => followCondition({ graph, role, seen: new Set() }, nodeId));
  const samplers = listSamplers(graph);
  const spared = new Set(collect(samplers.filter((id) => excluded.has(id))).map(toKey));
  const found = new Map<string, GraphTarget>();
  for (const target of collect(samplers.filter((id) => !excluded.has(id)))) {
    if (!spared.has(toKey(target))) found.set(toKey(target), target);
  }
  return [...found.values()];
}

/** The first seed of the graph as decimal digits; null if its inputs hold none. */
export function readSeed(graph: Graph): string | null {
  const digits = findSeeds(graph).map(({ nodeId, inputName }) => String(graph[nodeId]?.inputs[inputName]));
  return digits.find((text) => /^\d{1,20}$/.test(text)) ?? null;
}

/** The seed inputs of the graph that hold a number, except those of the excluded samplers and their noise. */
export function findSeeds(graph: Graph, excluded: ReadonlySet<string> = new Set()): GraphTarget[] {
  const spared = new Set(excluded);
  for (const nodeId of excluded) {
    const noise = readLink(findGraphNode(graph, nodeId)?.inputs.noise);
    if (noise) spared.add(noise.nodeId);
  }
  return Object.entries(graph).flatMap(([nodeId, node]) =>
    spared.has(nodeId)
      ? []
      : SEED_INPUTS.filter((name) => Object.hasOwn(node.inputs, name) && isJsonNumber(node.inputs[name])).map(
          (inputName) => ({ nodeId, inputName }),
        ),
  );
}

function listSamplers(graph: Graph): string[] {
  return Object.entries(graph)
    .filter(([, node]) => /sampler|guider/i.test(node.class_type))
    .map(([nodeId]) => nodeId);
}

interface Search {
  graph: Graph;
  role: Role;
  seen: Set<string>;
}

/** Follows a role's link from a node towards the text; intermediate nodes (control nets, guiders) pass the role on. */
function followCondition(search: Search, nodeId: string): GraphTarget[] {
  const { graph, role, seen } = search;
  const node = findGraphNode(graph, nodeId);
  if (node === undefined || seen.has(nodeId)) return [];
  seen.add(nodeId);
  const next = readLink(node.inputs[role]);
  if (next) return readText(graph, next.nodeId) ?? followCondition(search, next.nodeId);
  // A guider with a single condition has only a positive one.
  if (/guider/i.test(node.class_type) && role === 'negative') return [];
  return Object.entries(node.inputs).flatMap(([name, value]) => {
    const link = /^(conditioning|guider)/.test(name) ? readLink(value) : null;
    if (link === null) return [];
    return readText(graph, link.nodeId) ?? followCondition(search, link.nodeId);
  });
}

/** The text inputs of a text node, or of the node that feeds them; null if this is no text node. */
function readText(graph: Graph, nodeId: string): GraphTarget[] | null {
  const inputs = findGraphNode(graph, nodeId)?.inputs ?? {};
  const found: GraphTarget[] = [];
  for (const inputName of TEXT_INPUTS) {
    if (!Object.hasOwn(inputs, inputName)) continue;
    const value = inputs[inputName];
    if (typeof value === 'string') found.push({ nodeId, inputName });
    const link = readLink(value);
    const source = link === null ? undefined : findGraphNode(graph, link.nodeId)?.inputs;
    const name = TEXT_SOURCES.find((key) => source && typeof source[key] === 'string');
    if (link !== null && name !== undefined) found.push({ nodeId: link.nodeId, inputName: name });
  }
  return found.length > 0 ? found : null;
}

function toKey({ nodeId, inputName }: GraphTarget): string {
  return JSON.stringify([nodeId, inputName]);
}
