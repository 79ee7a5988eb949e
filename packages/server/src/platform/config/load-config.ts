import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { toError } from '../errors/app-error.ts';
import { compileConfig } from './compile-config.ts';
import type { Config, ConfigWarning } from './config.ts';
import { type ConfigProblem, createConfigError, toConfigProblems } from './config-problem.ts';
import { configSchema } from './config-schema.ts';
import { type Environment, isPlainObject, overlay, readEnvironment } from './environment.ts';
import { judgeConfig } from './judge-config.ts';
import { describeSchema, type SchemaNode, visitPathValues } from './schema-lookup.ts';
import { type TaskTypes, taskTypesFileSchema } from './task-types-schema.ts';
import { parseYaml, type YamlContent } from './yaml-document.ts';

export interface ConfigSource {
  /** The YAML file; null for none. */
  file: string | null;
  environment: Environment;
  /** Where relative paths of the environment and of options start; also data_dir's place without a file. */
  cwd: string;
  /** Options of the command line in the words of the file; they win over everything. */
  options?: Record<string, unknown>;
}

export interface LoadedConfig {
  config: Config;
  warnings: ConfigWarning[];
}

const SCHEMA = describeSchema(configSchema);
const TASK_TYPES_SCHEMA = describeSchema(taskTypesFileSchema);

/** Reads and validates the whole configuration. Throws CONFIG_INVALID naming every problem with path and line. */
export async function loadConfig(source: ConfigSource): Promise<LoadedConfig> {
  const text = source.file === null ? '' : await readConfigFile(source.file);
  const { config, warnings } = parseConfig(text, source);
  let taskTypes: TaskTypes = {};
  for (const file of config.workflowFiles)
    taskTypes = layTaskTypes(taskTypes, parseTaskTypes(await readConfigFile(file), file));
  return {
    config: Object.freeze({ ...config, taskTypes: layTaskTypes(taskTypes, config.taskTypes) }),
    warnings,
  };
}

/** `upper` over `lower`: its workflows win by name, its switches where written. */
function layTaskTypes(lower: TaskTypes, upper: TaskTypes): TaskTypes {
  const laid: TaskTypes = { ...lower };
  for (const [name, definition] of Object.entries(upper)) {
    const below = lower[name];
    laid[name] = { ...below, ...definition, workflows: { ...below?.workflows, ...definition.workflows } };
  }
  return laid;
}

/** The same from text already read. Touches neither files nor the process. */
export function parseConfig(text: string, source: ConfigSource): LoadedConfig {
  const content = parseYaml(text);
  const environment = readEnvironment(source.environment, SCHEMA, source.cwd);
  refuse(source.file, [...content.problems, ...environment.problems]);
  if (content.value !== null && content.value !== undefined && !isPlainObject(content.value)) {
    refuse(source.file, [
      { path: '', line: 1, message: 'expected keys with values, like `server:`; this is none' },
    ]);
  }

  const base = source.file === null ? source.cwd : dirname(resolve(source.cwd, source.file));
  const fromFile = resolvePaths(SCHEMA, content.value ?? {}, base);
  const options = resolvePaths(SCHEMA, source.options ?? {}, source.cwd);
  const tree = overlay(overlay(dropEmptyBlocks(fromFile), environment.tree), options);

  const parsed = configSchema.safeParse(tree, { reportInput: true });
  if (!parsed.success)
    throw createConfigError(source.file, toConfigProblems(parsed.error, SCHEMA, content.findLine));
  const raw = { ...parsed.data, data_dir: resolve(base, parsed.data.data_dir) };
  const { problems, warnings } = judgeConfig(raw);
  refuse(
    source.file,
    problems.map((problem) => locate(problem, content)),
  );
  const above = overlay(environment.tree, options);
  const isFixed = (path: readonly string[]) => findValue(above, path) !== undefined;
  return { config: compileConfig(raw, source.file, isFixed), warnings };
}

/** A file with nothing but `task_types`, such as the shipped workflows; `workflow_file` becomes absolute. */
export function parseTaskTypes(text: string, file: string): TaskTypes {
  const content = parseYaml(text);
  refuse(file, content.problems);
  const tree = resolvePaths(TASK_TYPES_SCHEMA, content.value ?? { task_types: {} }, dirname(resolve(file)));
  const parsed = taskTypesFileSchema.safeParse(tree, { reportInput: true });
  if (parsed.success) return parsed.data.task_types;
  throw createConfigError(file, toConfigProblems(parsed.error, TASK_TYPES_SCHEMA, content.findLine));
}

async function readConfigFile(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (thrown) {
    const problem = { path: '', line: null, message: `cannot be read: ${toError(thrown).message}` };
    throw createConfigError(file, [problem]);
  }
}

function refuse(file: string | null, problems: readonly ConfigProblem[]): void {
  if (problems.length > 0) throw createConfigError(file, problems);
}

function locate(problem: Omit<ConfigProblem, 'line'>, content: YamlContent): ConfigProblem {
  const path = problem.path.split(/[.[\]]+/).filter((step) => step !== '');
  return { ...problem, line: content.findLine(path) };
}

/** `comfyui:` with nothing below is an empty block, not a null. */
function dropEmptyBlocks(tree: unknown): unknown {
  if (typeof tree !== 'object' || tree === null || Array.isArray(tree)) return tree;
  return Object.fromEntries(Object.entries(tree).map(([key, value]) => [key, value ?? undefined]));
}

function resolvePaths(schema: SchemaNode, tree: unknown, base: string): unknown {
  const copy = structuredClone(tree);
  visitPathValues(schema, tree, (path, value) => setAt(copy, path, resolve(base, value)));
  return copy;
}

function findValue(tree: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((place, step) => (isPlainObject(place) ? place[step] : undefined), tree);
}

function setAt(tree: unknown, path: readonly PropertyKey[], value: string): void {
  let place: unknown = tree;
  for (const step of path.slice(0, -1)) place = (place as Record<PropertyKey, unknown>)[step];
  const last = path.at(-1);
  if (last !== undefined) (place as Record<PropertyKey, unknown>)[last] = value;
}
