import type { Text } from '@comfleet/contract';
import type { FastifySchemaCompiler } from 'fastify';
import {
  type $ZodError,
  type $ZodIssue,
  type $ZodType,
  type ParseContextInternal,
  safeParse,
} from 'zod/v4/core';
import { AppError } from '../errors/app-error.ts';
import { describeIssue } from '../text/describe-issue.ts';
import { requestProblem } from './request-problem.ts';

/** Bodies with more values are not searched for a second problem. */
const LARGE_SIZE = 2000;
/** Further problems of a part are only counted. */
const MAX_PROBLEMS = 100;
const MAX_SHOWN = 500;

const largeBodies = new WeakSet<object>();

/** Records the size of a body, for its check. */
export function markSize({ plain, size }: { plain: unknown; size: number }): void {
  if (size > LARGE_SIZE && typeof plain === 'object' && plain !== null) largeBodies.add(plain);
}

/** Checks a part of a request by its schema and names every problem; for a large body only the first. */
export const compileValidator: FastifySchemaCompiler<$ZodType> =
  ({ schema, httpPart }) =>
  (data: unknown) => {
    const isLarge = typeof data === 'object' && data !== null && largeBodies.has(data);
    const context: ParseContextInternal<$ZodIssue> = { abortEarly: isLarge };
    const result = safeParse(schema, data, context);
    return result.success ? { value: result.data } : { error: refuse(result.error, httpPart) };
  };

function refuse({ issues }: $ZodError, part: string | undefined): AppError {
  const problems = issues
    .slice(0, MAX_PROBLEMS)
    .map((issue) => requestProblem(issue.path.join('.').slice(0, MAX_SHOWN), shorten(describeIssue(issue))));
  return new AppError('INVALID_REQUEST', {
    in: part ?? null,
    problems,
    ...(issues.length > problems.length && { problem_count: issues.length }),
  });
}

/** Field names invented by a client may be of any length. */
function shorten({ code, params }: Text): Text {
  const short = Object.entries(params).map(([name, value]) => [
    name,
    typeof value === 'string' ? value.slice(0, MAX_SHOWN) : value,
  ]);
  return { code, params: Object.fromEntries(short) };
}
