import {
  type AssetId,
  type BatchId,
  type ErrorCode,
  type Id,
  type IdKind,
  lowestId,
  parseId,
  plainText,
  type TaskId,
} from '@comfleet/contract';
import { DEFINITION_TEXTS } from '@comfleet/contract/texts/definitions';
import { z } from 'zod';
import { AppError } from '../../platform/errors/app-error.ts';
import { requestProblem } from '../../platform/http/request-problem.ts';

/* Of any length: what is not an id or name of ours is not found. */
export const idParams = z.object({ id: z.string() });
export const nameParams = z.object({ name: z.string().min(1) });

/** Query of paged lists. */
export const pageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(500).default(50),
  cursor: z
    .string()
    .max(500)
    .refine((text) => parseId(text) !== null, DEFINITION_TEXTS.en['value.cursor'])
    .optional(),
});

/** Codes that a submission may be refused with once its body was read. */
export const SUBMIT_REFUSALS = [
  'POLICY_REFUSED',
  'TASK_TYPE_DISABLED',
  'PROJECT_NOT_FOUND',
  'PROJECT_READ_ONLY',
  'WORKFLOW_NOT_FOUND',
  'INVALID_PARAMETERS',
  'INVALID_WORKFLOW',
  'WORKFLOW_FORMAT_UI',
  'MISSING_ASSET',
  'NO_CAPABLE_WORKER',
  'QUOTA_EXCEEDED',
] as const satisfies readonly ErrorCode[];

/** Invalid ids are treated like those of others: not found. */
export function readTaskId(text: string): TaskId {
  return parseId<'task'>(text) ?? refuse('TASK_NOT_FOUND');
}

export function readBatchId(text: string): BatchId {
  return parseId<'batch'>(text) ?? refuse('BATCH_NOT_FOUND');
}

export function readAssetId(text: string): AssetId {
  return parseId<'asset'>(text) ?? refuse('ASSET_NOT_FOUND');
}

/** The id that a page returned for the next; `pageQuery` has checked its form. */
export function readCursor<K extends IdKind>(text: string | undefined): Id<K> | undefined {
  return text === undefined ? undefined : readFilterId<K>(text);
}

/** An id to filter by; an invalid one matches nothing, like an unknown id. */
export function readFilterId<K extends IdKind>(text: string): Id<K> {
  return parseId<K>(text) ?? lowestId<K>();
}

/** Parses a time of a query, ISO 8601 or seconds since 1970, to epoch ms. Throws INVALID_REQUEST. */
export function readTime(path: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = /^\d{1,12}(\.\d+)?$/.test(text) ? Number(text) * 1000 : Date.parse(text);
  if (Number.isFinite(ms)) return ms;
  const problems = [requestProblem(path, plainText('value.time'))];
  throw new AppError('INVALID_REQUEST', { in: 'querystring', problems });
}

function refuse(code: ErrorCode): never {
  throw new AppError(code);
}
