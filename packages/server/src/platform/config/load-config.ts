import { dirname, resolve } from 'node:path';
import { readRegularFile } from '@comfleet/comfyui/node';
import { plainText } from '@comfleet/contract';
import type { DefinitionText } from '@comfleet/contract/texts/definitions';
import type { z } from 'zod';
import { AppError, toError } from '../errors/app-error.ts';
import {
  type ConfigProblem,
  createConfigError,
  createProblem,
  type FindPlace,
  toConfigProblems,
} from './config-problem.ts';
import { type Environment, isPlainObject, overlay, readEnvironment, setIn } from './environment.ts';
import { describeSchema, type SchemaNode, visitPathValues } from './schema-lookup.ts';
import { type Finding, Findings, type Settings, type StartValues } from './settings.ts';
import { ValueOrigins } from './value-origins.ts';
import { parseYaml } from './yaml-document.ts';

/** Reads one file of the configuration. Throws CONFIG_INVALID if it cannot be read. */
export type ReadFile = (file: string) => Promise<string>;

/** Settings changed at run time, by their dotted key: `limits.graph_nodes`. */
export type RunTimeValues = ReadonlyMap<string, unknown>;

const NO_VALUES: RunTimeValues = new Map();

export interface ConfigSource {
  /** The YAML file; null for none. */
  file: string | null;
  /** The file may be missing: until it exists, the other sources decide. */
  isOptional?: boolean;
  environment: Environment;
  /** Base of relative paths in the environment and in options; also the default place of data_dir without a file. */
  cwd: string;
  /** Options of the command line, in the file's format; they win over everything. */
  options?: Record<string, unknown>;
  /** In the file's format, for keys that no source sets. */
  fallbacks?: Record<string, unknown>;
  /** Lie between the file and the environment. */
  runTime?: RunTimeValues;
  /** Instead of `readConfigFile`. */
  read?: ReadFile;
}

export interface LoadedConfig<Compiled> {
  config: Compiled;
  warnings: readonly Finding[];
  startValues: StartValues;
  /** In the file's format, with defaults filled in. */
  raw: unknown;
  /** Which source gave each value. */
  origins: ValueOrigins;
  /** False if there is no file, or none yet. */
  isFromFile: boolean;
}

/** Reads and validates the whole configuration. Throws CONFIG_INVALID naming every problem with path and line. */
export async function loadConfig<Raw, Compiled>(
  source: ConfigSource,
  settings: Settings<Raw, Compiled>,
): Promise<LoadedConfig<Compiled>> {
  const { read = readConfigFile } = source;
  const text = await readSource(source, read);
  const { config, ...rest } = parseConfig(
    text ?? '',
    text === null ? { ...source, file: null } : source,
    settings,
  );
  const named = {
    read,
    environment: source.environment,
    refuse: (path: string, refused: DefinitionText) =>
      createConfigError(source.file, [locate({ path, text: refused }, parseYaml(text ?? '').findPlace)]),
  };
  return { config: await settings.include(config, named), ...rest };
}

/** Null without a file. */
async function readSource(
  { file, isOptional }: ConfigSource,
  read: (file: string) => Promise<string>,
): Promise<string | null> {
  if (file === null) return null;
  try {
    return await read(file);
  } catch (error) {
    if (isOptional === true && error instanceof AppError && isMissing(error.cause)) return null;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

/** The same from text already read, without the files it names. Accesses neither files nor the process. */
export function parseConfig<Raw, Compiled>(
  text: string,
  source: ConfigSource,
  settings: Settings<Raw, Compiled>,
): LoadedConfig<Compiled> {
  const { file, cwd } = source;
  const schema = describeSchema(settings.schema);
  const content = parseYaml(text);
  const names = settings.environmentNames;
  const environment = readEnvironment(source.environment, { schema, names, cwd });
  refuse(file, [...content.problems, ...environment.problems]);
  if (content.value !== null && content.value !== undefined && !isPlainObject(content.value)) {
    refuse(file, [createProblem('', { line: 1, column: 1 }, plainText('file.no_keys'))]);
  }

  const base = file === null ? cwd : dirname(resolve(cwd, file));
  const fromFile = resolvePaths(schema, content.value ?? {}, base);
  const options = resolvePaths(schema, source.options ?? {}, cwd);
  const above = overlay(environment.tree, options);
  const runTime = source.runTime ?? NO_VALUES;
  const below = overlay(dropEmptyBlocks(fromFile), toTree(runTime));
  const { tree, variables } = environment;
  const origins = new ValueOrigins({ options, environment: tree, variables, runTime, file: fromFile });
  const findPlace = (path: readonly PropertyKey[]) =>
    origins.isAboveFile(path) ? null : content.findPlace(path);
  const parsed = settings.schema.safeParse(overlay(overlay(source.fallbacks ?? {}, below), above), {
    reportInput: true,
  });
  if (!parsed.success) throw createConfigError(file, toConfigProblems(parsed.error, schema, findPlace));

  const findings = new Findings();
  settings.check(parsed.data, findings);
  refuse(
    file,
    findings.problems.map((problem) => locate(problem, findPlace)),
  );
  return {
    config: settings.compile(parsed.data, { file, base }),
    warnings: findings.warnings,
    startValues: settings.startValues(parsed.data),
    raw: settings.fill(parsed.data),
    origins,
    isFromFile: file !== null,
  };
}

/** Parses a YAML file of one schema, without environment and options; its paths become absolute. `empty`: for an empty file. */
export function parseFile<Value>(
  text: string,
  file: string,
  { schema, empty }: { schema: z.ZodType<Value>; empty: unknown },
): Value {
  const content = parseYaml(text);
  refuse(file, content.problems);
  const described = describeSchema(schema);
  const tree = resolvePaths(described, content.value ?? empty, dirname(resolve(file)));
  const parsed = schema.safeParse(tree, { reportInput: true });
  if (parsed.success) return parsed.data;
  throw createConfigError(file, toConfigProblems(parsed.error, described, content.findPlace));
}

/** The parser reports its own limit with a line; this one keeps files that are no configuration out of memory. */
const MAX_CONFIG_BYTES = 16 * 1024 * 1024;

/** Reads a file of the configuration from the disk. Throws CONFIG_INVALID. */
export async function readConfigFile(file: string): Promise<string> {
  try {
    return (await readRegularFile(file, { maxBytes: MAX_CONFIG_BYTES })).toString('utf8');
  } catch (thrown) {
    throw createConfigError(file, [createProblem('', null, describeUnreadable(toError(thrown)))], thrown);
  }
}

const UNREADABLE: Readonly<Record<string, 'file.missing' | 'file.no_permission' | 'file.folder'>> = {
  ENOENT: 'file.missing',
  EACCES: 'file.no_permission',
  EPERM: 'file.no_permission',
  EISDIR: 'file.folder',
};

/** Describes why a file cannot be read. */
function describeUnreadable(error: Error): DefinitionText {
  const known = 'code' in error ? UNREADABLE[String(error.code)] : undefined;
  return known ? plainText(known) : { code: 'file.unreadable', params: { reason: error.message } };
}

function refuse(file: string | null, problems: readonly ConfigProblem[]): void {
  if (problems.length > 0) throw createConfigError(file, problems);
}

function locate({ path: place, text }: Pick<Finding, 'path' | 'text'>, findPlace: FindPlace): ConfigProblem {
  const path = place.split(/[.[\]]+/).filter((step) => step !== '');
  return createProblem(place, findPlace(path), text);
}

/** `comfyui:` with nothing below it is an empty block, not null. */
function dropEmptyBlocks(tree: unknown): unknown {
  if (typeof tree !== 'object' || tree === null || Array.isArray(tree)) return tree;
  return Object.fromEntries(Object.entries(tree).map(([key, value]) => [key, value ?? undefined]));
}

function resolvePaths(schema: SchemaNode, tree: unknown, base: string): unknown {
  const copy = structuredClone(tree);
  visitPathValues(schema, tree, (path, value) => setAt(copy, path, resolve(base, value)));
  return copy;
}

function toTree(values: RunTimeValues): Record<string, unknown> {
  const tree: Record<string, unknown> = {};
  for (const [key, value] of values) setIn(tree, key.split('.'), value);
  return tree;
}

function setAt(tree: unknown, path: readonly PropertyKey[], value: string): void {
  let place: unknown = tree;
  for (const step of path.slice(0, -1)) place = (place as Record<PropertyKey, unknown>)[step];
  const last = path.at(-1);
  if (last !== undefined) (place as Record<PropertyKey, unknown>)[last] = value;
}
