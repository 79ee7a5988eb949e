import {
  isNumber,
  isObject,
  type Json,
  type JsonObject,
  parseJson,
  toNumber,
} from '../json/lossless-json.ts';
import { NODE_REPLACEMENTS_TEXT } from '../media.ts';
import { BrokenPrompt } from './find-class.ts';
import { readLink } from './order.ts';

const REPLACEMENTS = parseJson(NODE_REPLACEMENTS_TEXT);

/**
 * Replaces nodes of removed classes by their successors, as 0.14.0 and later do before validation. Links are changed in place.
 * Throws BrokenPrompt where Python raises: a node to replace without `_meta`.
 */
export function replaceNodes(prompt: JsonObject, hasClass: (name: string) => boolean): void {
  assertReadable(prompt);
  for (const [id, node] of [...prompt]) {
    const className = isObject(node) ? node.get('class_type') : undefined;
    if (!isObject(node) || !node.has('inputs') || typeof className !== 'string' || hasClass(className))
      continue;
    const rule = findRule(className);
    const follower = rule?.get('new_node_id');
    if (rule === undefined || typeof follower !== 'string' || !hasClass(follower)) continue;
    prompt.set(id, rewriteNode(id, node, rule));
    moveLinks(id, prompt, rule);
  }
}

/** The search for links reads every node before validation. */
function assertReadable(prompt: JsonObject): void {
  for (const [id, node] of prompt) {
    if (!isObject(node)) throw new BrokenPrompt(`node ${id} is not an object`);
    const inputs = node.get('inputs');
    if (node.has('class_type') && inputs !== undefined && !isObject(inputs))
      throw new BrokenPrompt(`inputs of node ${id} are not an object`);
  }
}

/** The first replacement of a class wins. */
function findRule(className: string): JsonObject | undefined {
  const rules = isObject(REPLACEMENTS) ? REPLACEMENTS.get(className) : undefined;
  const rule = Array.isArray(rules) ? rules[0] : undefined;
  return isObject(rule) ? rule : undefined;
}

function listMappings(rule: JsonObject, name: 'input_mapping' | 'output_mapping'): readonly JsonObject[] {
  const mapping = rule.get(name);
  return Array.isArray(mapping) ? mapping.filter(isObject) : [];
}

/** Inputs that the replacement does not map are lost. */
function rewriteNode(id: string, node: JsonObject, rule: JsonObject): JsonObject {
  if (!isObject(node.get('_meta'))) throw new BrokenPrompt(`KeyError: '_meta' of node ${id}`);
  const old = node.get('inputs');
  const inputs: JsonObject = new Map();
  for (const mapping of listMappings(rule, 'input_mapping')) {
    const fixed = mapping.get('set_value');
    const value = fixed ?? (isObject(old) ? old.get(String(mapping.get('old_id'))) : undefined);
    if (value === undefined) throw new BrokenPrompt(`KeyError: ${String(mapping.get('old_id'))}`);
    inputs.set(String(mapping.get('new_id')), value);
  }
  return new Map(node).set('inputs', inputs).set('class_type', rule.get('new_node_id') ?? null);
}

function moveLinks(id: string, prompt: JsonObject, rule: JsonObject): void {
  for (const mapping of listMappings(rule, 'output_mapping')) {
    const [from, to] = [readIndex(mapping.get('old_idx')), readIndex(mapping.get('new_idx'))];
    for (const link of listLinks(prompt)) if (link[0] === id && link[1] === from) link[1] = to;
  }
}

function readIndex(value: Json | undefined): number {
  return isNumber(value) ? toNumber(value) : 0;
}

function listLinks(prompt: JsonObject): Json[][] {
  return [...prompt.values()].flatMap((node) => {
    const inputs = isObject(node) ? node.get('inputs') : undefined;
    if (!isObject(inputs)) return [];
    return [...inputs.values()].filter(
      (value): value is Json[] => Array.isArray(value) && readLink(value) !== undefined,
    );
  });
}
