import type { TextPlace } from '@comfleet/comfyui';
import type { DefinitionProblem, Text } from '@comfleet/contract';
import { type DefinitionText, toDefinitionSentence } from '@comfleet/contract/texts/definitions';
import { findNearestWord } from '@comfleet/contract/texts/nearest-word';
import type { z } from 'zod';
import { AppError } from '../errors/app-error.ts';
import { hasCode } from '../errors/error-details.ts';
import { describeExpected } from './describe-expected.ts';
import { findSchemaNode, type SchemaNode } from './schema-lookup.ts';

/** BSD's EX_CONFIG: exit code for an invalid configuration. */
export const CONFIG_EXIT_CODE = 78;

export interface ConfigProblem {
  /** `nodes.static_nodes[0].host`; empty for the whole file. */
  path: string;
  /** From 1; null if the value came from the environment or an option. */
  line: number | null;
  column: number | null;
  /** The English of `text`. */
  message: string;
  text: Text;
}

/** Returns the position of a value in the file; null if it is not there. */
export type FindPlace = (path: readonly PropertyKey[]) => TextPlace | null;

export function createProblem(path: string, place: TextPlace | null, text: Text): ConfigProblem {
  const { line = null, column = null } = place ?? {};
  return { path, line, column, message: toDefinitionSentence(text), text };
}

/** Formats a path as `a.b[0].c`. */
export function formatPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    return text === '' ? String(step) : `${text}.${String(step)}`;
  }, '');
}

/** Converts zod issues to problems: unknown keys with the nearest known one, others with the expected value. */
export function toConfigProblems(
  error: z.ZodError,
  schema: SchemaNode,
  findPlace: FindPlace,
): ConfigProblem[] {
  return error.issues.flatMap((issue) => {
    const node = findSchemaNode(schema, issue.path);
    if (issue.code !== 'unrecognized_keys') {
      return [createProblem(formatPath(issue.path), findPlace(issue.path), describeExpected(issue, node))];
    }
    const known = Object.keys(node?.properties ?? {});
    return issue.keys.map((key) => {
      const path = [...issue.path, key];
      return createProblem(formatPath(path), findPlace(path), describeUnknownKey(key, known));
    });
  });
}

function describeUnknownKey(key: string, known: readonly string[]): DefinitionText {
  const nearest = findNearestWord(key, known);
  return nearest === null
    ? { code: 'value.unknown_key', params: { known: known.join(', ') } }
    : { code: 'value.unknown_key_near', params: { nearest } };
}

/** The error that loading throws. `file` is null if there is none. */
export function createConfigError(
  file: string | null,
  problems: readonly ConfigProblem[],
  cause?: unknown,
): AppError {
  return new AppError('CONFIG_INVALID', { file, problems }, { cause });
}

/** Every problem of CONFIG_INVALID with its file. A value from the environment or an option has no file. */
export function listProblems(error: AppError): DefinitionProblem[] {
  if (!hasCode(error, 'CONFIG_INVALID') || !error.details) return [];
  const { file = null, problems } = error.details;
  return problems.map(({ path, line, column, message, text }) => ({
    workflow: null,
    file: line === null && path !== '' ? null : file,
    line,
    column,
    message: path === '' ? message : `${path}: ${message}`,
    text: path === '' ? text : { code: 'parameter.problem', params: { parameter: path, problem: text } },
  }));
}
