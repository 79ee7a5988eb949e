import { z } from 'zod';

/** One node of the generated JSON Schema of the configuration. */
export interface SchemaNode {
  type?: string;
  description?: string;
  default?: unknown;
  path?: boolean;
  enum?: unknown[];
  minimum?: number;
  exclusiveMinimum?: number;
  maximum?: number;
  properties?: Record<string, SchemaNode>;
  additionalProperties?: SchemaNode | boolean;
  items?: SchemaNode;
  anyOf?: SchemaNode[];
}

/** JSON Schema of a zod schema, as input: before transforms and defaults. */
export function describeSchema(schema: z.ZodType): SchemaNode {
  return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as SchemaNode;
}

/** The schema at a path of keys and indexes; null if nothing is allowed there. */
export function findSchemaNode(root: SchemaNode, path: readonly PropertyKey[]): SchemaNode | null {
  let node: SchemaNode | null = root;
  for (const step of path) {
    if (!node) return null;
    node = stepInto(node, step);
  }
  return node;
}

function stepInto(node: SchemaNode, step: PropertyKey): SchemaNode | null {
  if (node.items && /^\d+$/.test(String(step))) return node.items;
  const own = node.properties?.[String(step)];
  if (own) return own;
  for (const branch of node.anyOf ?? []) {
    const found = stepInto(branch, step);
    if (found) return found;
  }
  return typeof node.additionalProperties === 'object' ? node.additionalProperties : null;
}

/** Calls `visit` for every path value (folders, files) found in `value`, with its path of keys. */
export function visitPathValues(
  schema: SchemaNode,
  value: unknown,
  visit: (path: readonly PropertyKey[], value: string) => void,
  at: readonly PropertyKey[] = [],
): void {
  if (schema.path === true && typeof value === 'string') {
    visit(at, value);
  } else if (Array.isArray(value)) {
    const items = schema.items;
    if (!items) return;
    for (const [index, item] of value.entries()) visitPathValues(items, item, visit, [...at, index]);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) {
      const child = stepInto(schema, key);
      if (child) visitPathValues(child, item, visit, [...at, key]);
    }
  }
}
