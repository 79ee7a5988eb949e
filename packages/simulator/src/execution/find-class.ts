import { isObject, type Json, type JsonObject, type Writable } from '../json/lossless-json.ts';
import { printAsPython } from '../json/python-text.ts';
import type { Catalog } from '../nodes/catalog.ts';
import type { NodeClass } from '../nodes/node-class.ts';
import { isSince, type VersionProfile } from '../profile.ts';

/** A structure on which Python raises (a node that is not an object): the server answers 500. */
export class BrokenPrompt extends Error {}

/** Why a whole prompt is refused. */
export interface PromptError {
  readonly type: string;
  readonly message: string;
  readonly details: string;
  readonly extra_info: Readonly<Record<string, Writable>>;
}

interface Named {
  readonly id: string;
  readonly node: Json;
}

/** Returns the class of a node, or the refusal of the whole prompt. Throws BrokenPrompt where Python raises. */
export function findClass(
  { id, node }: Named,
  catalog: Catalog,
  version: VersionProfile,
): NodeClass | { readonly error: PromptError } {
  const isNew = isSince(version, '0.33');
  if (isNew && !isObject(node)) throw new BrokenPrompt(`node ${id} is not an object`);
  const hasClass = isObject(node) ? node.has('class_type') : hasWord(id, node);
  const className = isObject(node) ? node.get('class_type') : undefined;
  const found = typeof className === 'string' ? catalog.find(className) : undefined;
  if (found !== undefined) return found;
  if (isNew && isObject(node)) return { error: missingType(id, node, hasClass) };
  const message = hasClass
    ? `Cannot execute because node ${printAsPython(className ?? null)} does not exist.`
    : 'Cannot execute because a node is missing the class_type property.';
  return { error: { type: 'invalid_prompt', message, details: `Node ID '#${id}'`, extra_info: {} } };
}

/** The error of 0.12.0 and later, which has the node's title. */
function missingType(id: string, node: JsonObject, hasClass: boolean): PromptError {
  const className = node.get('class_type') ?? null;
  const meta = node.get('_meta') ?? new Map<string, Json>();
  if (!isObject(meta)) throw new BrokenPrompt(`_meta of node ${id} is not an object`);
  const title = meta.get('title') ?? className;
  return {
    type: 'missing_node_type',
    message: hasClass
      ? `Node '${printAsPython(title)}' not found. The custom node may not be installed.`
      : `Node '${printAsPython(title ?? `ID #${id}`)}' has no class_type. The workflow may be corrupted or a custom node is missing.`,
    details: `Node ID '#${id}'`,
    extra_info: { node_id: id, class_type: className, node_title: title },
  };
}

/** Python's `'class_type' in node` for a non-object: works for strings and lists, raises for the rest. */
function hasWord(id: string, node: Json): boolean {
  const hasIt = (typeof node === 'string' || Array.isArray(node)) && node.includes('class_type');
  if (hasIt || (typeof node !== 'string' && !Array.isArray(node)))
    throw new BrokenPrompt(`node ${id} is not an object`);
  return false;
}
