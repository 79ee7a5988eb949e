import { ERRORS, type ErrorCode, type ErrorSpec, type RecordedError } from '@comfleet/contract';
import type { ErrorDetails } from './error-details.ts';

/** The only error thrown on purpose: a code of the registry with details for the caller. */
export class AppError<Code extends ErrorCode = ErrorCode> extends Error {
  readonly code: Code;
  readonly details: ErrorDetails<Code> | null;

  constructor(code: Code, details: ErrorDetails<Code> | null = null, options: { cause?: unknown } = {}) {
    super(ERRORS[code].meaning, options);
    this.name = 'AppError';
    this.code = code;
    this.details = details;
  }

  get spec(): ErrorSpec {
    return ERRORS[this.code];
  }

  /** The form stored on tasks and attempts. */
  toRecord(): RecordedError {
    return { code: this.code, message: this.message, details: this.details };
  }
}

/** Converts anything thrown to an Error; strings and objects are wrapped and kept. */
export function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown), { cause: thrown });
}

/** Creates the record of an error that ended an attempt or task. */
export function recordError<Code extends ErrorCode>(
  code: Code,
  details: ErrorDetails<Code> | null = null,
): RecordedError {
  return { code, message: ERRORS[code].meaning, details };
}
