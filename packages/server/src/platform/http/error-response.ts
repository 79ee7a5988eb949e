import { ERRORS, type ErrorCode, type ErrorEnvelope } from '@comfleet/contract';
import { AppError, toError } from '../errors/app-error.ts';
import { hasCode } from '../errors/error-details.ts';

/** Errors of Fastify and its plugins, by code. */
const FOREIGN: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'BODY_TOO_LARGE',
  FST_REQ_FILE_TOO_LARGE: 'BODY_TOO_LARGE',
  FST_PARTS_LIMIT: 'BODY_TOO_LARGE',
  FST_FILES_LIMIT: 'BODY_TOO_LARGE',
  FST_FIELDS_LIMIT: 'BODY_TOO_LARGE',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'UNSUPPORTED_MEDIA',
  FST_INVALID_MULTIPART_CONTENT_TYPE: 'UNSUPPORTED_MEDIA',
  FST_ERR_NOT_FOUND: 'NOT_FOUND',
};

/** Seconds to wait before retrying, for temporary errors. */
const RETRY_AFTER_SECONDS: Partial<Record<ErrorCode, number>> = {
  UNAVAILABLE: 2,
  SHUTTING_DOWN: 5,
  STORAGE_FULL: 10,
  DATABASE_DAMAGED: 60,
  RATE_LIMITED: 1,
  QUOTA_EXCEEDED: 5,
  TOO_MANY_STREAMS: 5,
  TASK_NOT_FINISHED: 1,
};

/** Converts anything thrown while handling a request to one of our errors; unknown ones become INTERNAL and keep their cause. */
export function toAppError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  const error = toError(thrown);
  const code = 'code' in error && typeof error.code === 'string' ? FOREIGN[error.code] : undefined;
  if (code) return new AppError(code, null, { cause: error });
  const status = 'statusCode' in error && typeof error.statusCode === 'number' ? error.statusCode : 500;
  if (status >= 400 && status < 500)
    return new AppError('INVALID_REQUEST', { reason: error.message }, { cause: error });
  return new AppError('INTERNAL', null, { cause: error });
}

/** The envelope of errors in the native API. */
export function toEnvelope(error: AppError, requestId: string): ErrorEnvelope {
  return {
    error: { code: error.code, message: error.message, details: error.details },
    request_id: requestId,
    // Clients of the v1 layout know this refusal by these two fields.
    ...(error.code === 'NOT_PROJECT_OWNER' && { code: 403 as const, msg: '无操作权限' }),
  };
}

/** A used-up quota or limit tells when it begins again. */
function readRetryAfter(error: AppError): number | null {
  const isUsedUp = hasCode(error, 'QUOTA_EXCEEDED') || hasCode(error, 'RATE_LIMITED');
  return isUsedUp ? (error.details?.retry_after ?? null) : null;
}

/** HTTP status and headers of an error. */
export function toHead(error: AppError): { status: number; headers: Record<string, string> } {
  const headers: Record<string, string> = {};
  const seconds = readRetryAfter(error) ?? RETRY_AFTER_SECONDS[error.code];
  if (seconds !== undefined) headers['retry-after'] = String(seconds);
  if (error.code === 'UNAUTHORIZED') headers['www-authenticate'] = 'Bearer';
  return { status: ERRORS[error.code].status, headers };
}
