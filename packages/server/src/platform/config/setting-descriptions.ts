import type { z } from 'zod';
import { describeSchema, type SchemaNode } from './schema-lookup.ts';

export type SettingKind = 'integer' | 'number' | 'text' | 'boolean' | 'choice' | 'list' | 'block';

/** What a setting is and accepts, from the schema of the file. */
export interface SettingDescription {
  /** Dotted: `limits.graph_nodes`. */
  readonly key: string;
  /** As in the reference of the configuration. */
  readonly description: { readonly en: string; readonly zh: string };
  readonly kind: SettingKind;
  /** Smallest and largest number; null if there is no limit. */
  readonly minimum: number | null;
  readonly maximum: number | null;
  /** A number must be above this one. */
  readonly above: number | null;
  /** The values of a choice. */
  readonly choices: readonly string[] | null;
  readonly acceptsNull: boolean;
  /** Null if it has none, or one that depends on others. */
  readonly default: unknown;
  /** Its value is a secret, or may hold some: never shown. */
  readonly isHidden: boolean;
}

const SECRET_KEY = /(^|[._])(password|secret|token|key)$/;

/** Every setting of the file, in its order; a list or a map of objects is one setting. `zh`: Chinese by English descriptions. */
export function describeSettings(
  schema: z.ZodType,
  zh: Readonly<Record<string, string>>,
): SettingDescription[] {
  return listLeaves(describeSchema(schema), '').map(([key, node]) => describe(key, node, zh));
}

function listLeaves(node: SchemaNode, path: string): [key: string, node: SchemaNode][] {
  return Object.entries(node.properties ?? {}).flatMap(([name, child]) => {
    const key = path === '' ? name : `${path}.${name}`;
    return child.properties ? listLeaves(child, key) : [[key, child]];
  });
}

function describe(
  key: string,
  node: SchemaNode,
  translations: Readonly<Record<string, string>>,
): SettingDescription {
  const { description: en = '' } = node;
  const branches = node.anyOf ?? [];
  const acceptsNull = branches.some((branch) => branch.type === 'null');
  const main = { ...node, ...branches.find((branch) => branch.type !== 'null') };
  const kind = toKind(main);
  return {
    ...{ key, kind, acceptsNull, description: { en, zh: translations[en] ?? en } },
    minimum: toLimit(main.minimum),
    maximum: toLimit(main.maximum),
    above: main.exclusiveMinimum ?? null,
    choices: kind === 'choice' ? (main.enum ?? []).map(String) : null,
    default: node.default ?? null,
    isHidden: SECRET_KEY.test(key) || kind === 'block' || holdsObjects(main),
  };
}

function toKind({ type, enum: choices }: SchemaNode): SettingKind {
  if (choices) return 'choice';
  switch (type) {
    case 'integer':
    case 'number':
    case 'boolean':
      return type;
    case 'array':
      return 'list';
    case 'object':
      return 'block';
    default:
      return 'text';
  }
}

function holdsObjects({ items }: SchemaNode): boolean {
  return items !== undefined && (items.properties !== undefined || items.anyOf !== undefined);
}

/** The safe integers are the limits of every whole number, which need no mention. */
function toLimit(limit: number | undefined): number | null {
  return limit === undefined || Math.abs(limit) >= Number.MAX_SAFE_INTEGER ? null : limit;
}
