import type { TextPlace } from '@comfleet/comfyui';
import type { DefinitionProblem } from '@comfleet/contract';
import { findNearestWord } from '@comfleet/contract/texts/nearest-word';
import type { z } from 'zod';
import { AppError } from '../errors/app-error.ts';
import { findSchemaNode, type SchemaNode } from './schema-lookup.ts';

/** BSD's EX_CONFIG: the process ends with it when the configuration is not valid. */
export const CONFIG_EXIT_CODE = 78;

export interface ConfigProblem {
  /** `nodes.static_nodes[0].host`; empty for the whole file. */
  path: string;
  /** From 1; null when the value came from the environment or an option. */
  line: number | null;
  column: number | null;
  message: string;
}

/** Tells where a value stands in the file; null when it does not. */
export type FindPlace = (path: readonly PropertyKey[]) => TextPlace | null;

export function createProblem(path: string, place: TextPlace | null, message: string): ConfigProblem {
  return { path, line: place?.line ?? null, column: place?.column ?? null, message };
}

/** `a.b[0].c` for people. */
export function formatPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    return text === '' ? String(step) : `${text}.${String(step)}`;
  }, '');
}

/** The zod issues as problems: unknown keys with the nearest known one, unions by their likeliest branch. */
export function toConfigProblems(
  error: z.ZodError,
  schema: SchemaNode,
  findPlace: FindPlace,
): ConfigProblem[] {
  return error.issues.flatMap((issue) => {
    if (issue.code !== 'unrecognized_keys') {
      return [createProblem(formatPath(issue.path), findPlace(issue.path), describeIssue(issue))];
    }
    const known = Object.keys(findSchemaNode(schema, issue.path)?.properties ?? {});
    return issue.keys.map((key) => {
      const path = [...issue.path, key];
      const nearest = findNearestWord(key, known);
      const advice = nearest ? `did you mean "${nearest}"?` : `known here: ${known.join(', ')}`;
      return createProblem(formatPath(path), findPlace(path), `unknown key; ${advice}`);
    });
  });
}

function describeIssue(issue: z.core.$ZodIssue): string {
  if (
    issue.code === 'invalid_type' &&
    issue.expected === 'string' &&
    issue.message.includes('received number')
  )
    return 'expected text; put the value in quotes';
  if (issue.code === 'invalid_value') return describeChoice(issue);
  if (issue.code !== 'invalid_union') return issue.message;
  const branches = issue.errors.map((branch) => branch[0]?.message ?? '').filter((message) => message !== '');
  return branches.length > 0 ? [...new Set(branches)].join(', or ') : issue.message;
}

/** LB1: an unknown name with the nearest known one. `input` is there when the schema was asked to report it. */
function describeChoice({ values, input }: z.core.$ZodIssueInvalidValue): string {
  const words = values.map(String);
  const nearest = typeof input === 'string' ? findNearestWord(input, words) : null;
  const known = `expected one of ${words.join(', ')}`;
  return nearest === null ? known : `${known}; did you mean "${nearest}"?`;
}

/** The error that loading throws. `file` is null when there is none. */
export function createConfigError(
  file: string | null,
  problems: readonly ConfigProblem[],
  cause?: unknown,
): AppError {
  return new AppError('CONFIG_INVALID', { file, problems }, { cause });
}

/** Every problem of CONFIG_INVALID with its file. What the environment or an option says stands in none. */
export function listProblems(error: AppError): DefinitionProblem[] {
  const { file = null, problems = [] } = (error.details ?? {}) as {
    file?: string | null;
    problems?: ConfigProblem[];
  };
  return problems.map(({ path, line, column, message }) => ({
    workflow: null,
    file: line === null && path !== '' ? null : file,
    line,
    column,
    message: path === '' ? message : `${path}: ${message}`,
  }));
}
