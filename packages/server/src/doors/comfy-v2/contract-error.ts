import { toDefinitionSentence } from '@comfleet/contract/texts/definitions';
import type { AppError } from '../../platform/errors/app-error.ts';
import { type ErrorDetails, hasCode } from '../../platform/errors/error-details.ts';
import { toNodeErrors, toWorkflowMessage } from './node-errors.ts';
import { OPERATIONS, type Operation } from './operations.ts';

/** An error in the format of the Comfy API v2 contract. */
export interface ContractError {
  status: number;
  code: string;
  message: string;
  details: Record<string, unknown> | null;
  /** Seconds; sent as Retry-After. */
  retryAfter?: number;
}

const NOT_FOUND: ContractError = {
  status: 404,
  code: 'not_found',
  message: 'Nothing of yours has this id.',
  details: null,
};
const BLOB_NOT_FOUND: ContractError = {
  status: 404,
  code: 'blob_not_found',
  message: 'No blob that you may use has this hash, written blake3:<64 hex digits>; upload the bytes.',
  details: null,
};
const FORBIDDEN: ContractError = {
  status: 403,
  code: 'forbidden',
  message: 'The credentials are valid but this is not allowed for them.',
  details: null,
};
/** Every operation may be refused so; the contract tells its clients to come back later after any 429. */
export const RATE_LIMITED = { status: 429, code: 'rate_limited' } as const;
const UPSTREAM: ContractError = {
  status: 500,
  code: 'upstream_error',
  message: 'Something unexpected failed; try again later.',
  details: null,
};

/** Maps any error to one that the contract documents for the operation; `undefined` is an unknown address. */
export function toContractError(error: AppError, operation: Operation | undefined): ContractError {
  const translated = translate(error, operation);
  if (operation === undefined) return translated.status === 500 ? translated : NOT_FOUND;
  if (hasCode(error, 'RATE_LIMITED')) {
    const retryAfter = error.details?.retry_after ?? 1;
    return { ...RATE_LIMITED, message: error.message, details: null, retryAfter };
  }
  const documented: readonly number[] = OPERATIONS[operation];
  if (documented.includes(translated.status)) return translated;
  // The operation has no error for such a request: the object it names does not exist.
  if (translated.status >= 500 || !documented.includes(404)) return UPSTREAM;
  return operation === 'assetFromHash' ? BLOB_NOT_FOUND : NOT_FOUND;
}

function translate(error: AppError, operation: Operation | undefined): ContractError {
  if (hasCode(error, 'ASSET_NOT_FOUND') && error.details?.reason === 'no_blob') return BLOB_NOT_FOUND;
  if (hasCode(error, 'CONFLICT')) return translateConflict(error.details?.reason);
  if (hasCode(error, 'QUOTA_EXCEEDED')) return translateQuota(error, operation);
  if (hasCode(error, 'INVALID_REQUEST') && error.details?.reason === 'unknown_host') return FORBIDDEN;
  switch (error.code) {
    case 'UNAUTHORIZED':
      return { status: 401, code: 'unauthorized', message: error.message, details: null };
    case 'FORBIDDEN':
      return FORBIDDEN;
    case 'GRAPH_NOT_GRANTED':
    case 'TASK_TYPE_DISABLED':
    case 'PROJECT_READ_ONLY':
      return { ...FORBIDDEN, message: error.message };
    case 'POLICY_REFUSED':
      return {
        ...FORBIDDEN,
        message: toWorkflowMessage(error.details) ?? error.message,
        details: { ...error.details, node_errors: toNodeErrors(error.details) },
      };
    case 'NOT_FOUND':
    case 'TASK_NOT_FOUND':
    case 'ASSET_NOT_FOUND':
      return NOT_FOUND;
    case 'INVALID_REQUEST':
    case 'BODY_TOO_LARGE':
    case 'UNSUPPORTED_MEDIA':
      return refuseRequest(error, operation);
    case 'TOO_MANY_STREAMS':
      return { status: 429, code: 'too_many_streams', message: error.message, details: null, retryAfter: 5 };
    default:
      return translateSubmission(error);
  }
}

/** The contract knows a full queue of jobs, and of assets only that they are forbidden. */
function translateQuota(
  { message, details }: { message: string; details: ErrorDetails<'QUOTA_EXCEEDED'> | null },
  operation: Operation | undefined,
): ContractError {
  const { message_text: text, retry_after: seconds } = details ?? {};
  const said = text === undefined ? message : toDefinitionSentence(text);
  if (operation === 'postAssets') return { ...FORBIDDEN, message: said };
  return { status: 429, code: 'queue_full', message: said, details: null, retryAfter: seconds ?? 5 };
}

function translateSubmission(error: AppError): ContractError {
  const { code, details } = error;
  switch (code) {
    case 'INVALID_WORKFLOW':
    case 'INVALID_PARAMETERS':
    case 'NO_CAPABLE_WORKER':
      return {
        status: 422,
        code: 'invalid_workflow',
        message: toWorkflowMessage(error.details) ?? error.message,
        details: { ...error.details, node_errors: toNodeErrors(error.details) },
      };
    case 'WORKFLOW_FORMAT_UI':
      return { status: 422, code: 'workflow_format_ui', message: error.message, details: null };
    case 'MISSING_ASSET':
      return { status: 422, code: 'missing_asset', message: error.message, details };
    case 'IDEMPOTENCY_CONFLICT':
      return {
        status: 422,
        code: 'idempotency_key_reuse',
        message: 'This Idempotency-Key was used already; keys are single-use and end after 24 h.',
        details: null,
      };
    case 'STORAGE_FULL':
    case 'DATABASE_DAMAGED':
    case 'UNAVAILABLE':
      // The contract has no status for a server that cannot store.
      return { ...UPSTREAM, message: error.message, retryAfter: 10 };
    default:
      return UPSTREAM;
  }
}

function translateConflict(reason: string | undefined): ContractError {
  if (reason === 'hash_mismatch') {
    return {
      status: 409,
      code: 'hash_mismatch',
      message: 'The bytes received do not have the expected hash; nothing was stored.',
      details: null,
    };
  }
  if (reason === 'asset_in_use') {
    return {
      status: 409,
      code: 'asset_in_use',
      message: 'The asset cannot be deleted while the platform depends on it.',
      details: null,
    };
  }
  return UPSTREAM;
}

/** Refuses a body that the operation does not accept. The contract has one code for this if a workflow is sent. */
function refuseRequest(error: AppError, operation: Operation | undefined): ContractError {
  const message = readReason(error.details) ?? error.message;
  if (operation === 'postJobs') {
    return {
      status: 422,
      code: 'invalid_workflow',
      message,
      details: { ...error.details, node_errors: {} },
    };
  }
  return { status: 422, code: 'invalid_request', message, details: error.details };
}

function readReason(details: Record<string, unknown> | null): string | null {
  return typeof details?.reason === 'string' ? details.reason : null;
}
