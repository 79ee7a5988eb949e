import { resolve } from 'node:path';
import type { DefinitionText } from '@comfleet/contract/texts/definitions';
import { findNearestWord } from '@comfleet/contract/texts/nearest-word';
import { parse } from 'yaml';
import { type ConfigProblem, createProblem, formatPath } from './config-problem.ts';
import { findSchemaNode, type SchemaNode } from './schema-lookup.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** One value from the environment, and its path. */
interface Override {
  name: string;
  path: readonly string[];
  text: string;
}

export interface EnvironmentRules {
  schema: SchemaNode;
  /** Names in addition to `COMFLEET__…`, each with its path. */
  names: Readonly<Record<string, readonly string[]>>;
  /** Base of relative paths. */
  cwd: string;
}

const PREFIX = 'COMFLEET__';

/** The variable that sets a dotted key: `COMFLEET__LIMITS__GRAPH_NODES`. */
export function toVariable(key: string): string {
  return `${PREFIX}${key.toUpperCase().replaceAll('.', '__')}`;
}

/** The environment's values as a tree to lay over the file's; relative paths resolve from `cwd`. */
export function readEnvironment(
  environment: Environment,
  { schema, names, cwd }: EnvironmentRules,
): {
  tree: Record<string, unknown>;
  /** Names of the variables by the dotted key that they set, which may be a whole block. */
  variables: ReadonlyMap<string, string>;
  problems: ConfigProblem[];
} {
  const tree: Record<string, unknown> = {};
  const variables = new Map<string, string>();
  const problems: ConfigProblem[] = [];
  for (const override of listOverrides(environment, names)) {
    const node = findSchemaNode(schema, override.path);
    if (node) {
      setIn(tree, override.path, readText(override.text, node, cwd));
      variables.set(override.path.join('.'), override.name);
    } else {
      problems.push(createProblem(override.name, null, describeUnknown(override, schema)));
    }
  }
  return { tree, variables, problems };
}

function listOverrides(environment: Environment, names: EnvironmentRules['names']): Override[] {
  const overrides: Override[] = [];
  for (const [name, text] of Object.entries(environment)) {
    if (text === undefined || text === '') continue;
    const known = Object.hasOwn(names, name) ? names[name] : undefined;
    if (known) overrides.push({ name, path: known, text });
    else if (name.startsWith(PREFIX)) {
      overrides.push({ name, path: name.slice(PREFIX.length).toLowerCase().split('__'), text });
    }
  }
  // Our own names come last and win.
  return overrides.sort((a, b) => Number(a.name.startsWith(PREFIX)) - Number(b.name.startsWith(PREFIX)));
}

function describeUnknown({ path }: Override, schema: SchemaNode): DefinitionText {
  const parent = findSchemaNode(schema, path.slice(0, -1));
  const nearest = findNearestWord(path.at(-1) ?? '', Object.keys(parent?.properties ?? {}));
  const setting = formatPath(path);
  if (nearest === null) return { code: 'file.no_setting', params: { setting } };
  const near = formatPath([...path.slice(0, -1), nearest]);
  return { code: 'file.no_setting_near', params: { setting, nearest: near } };
}

function readText(text: string, node: SchemaNode, cwd: string): unknown {
  if (node.path === true) return resolve(cwd, text);
  if (node.type === 'string') return text;
  try {
    return parse(text) as unknown;
  } catch {
    // Not YAML: the schema then reports what it expected.
    return text;
  }
}

/** Sets a value in a tree, making the blocks on the way. */
export function setIn(tree: Record<string, unknown>, path: readonly string[], value: unknown): void {
  let place = tree;
  for (const key of path.slice(0, -1)) {
    const next = place[key];
    const child: Record<string, unknown> = isPlainObject(next) ? next : {};
    place[key] = child;
    place = child;
  }
  const last = path.at(-1);
  if (last !== undefined) place[last] = value;
}

/** True for objects that are neither null nor arrays. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Lays `over` over `base`: objects merge key by key, everything else is replaced. */
export function overlay(base: unknown, over: unknown): unknown {
  if (over === undefined) return base;
  if (!isPlainObject(base) || !isPlainObject(over)) return over;
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over)) merged[key] = overlay(base[key], value);
  return merged;
}
