import {
  type ErrorCode,
  errorEnvelopeSchema,
  type Failure,
  readFailure,
  type TaskDetail,
} from '@comfleet/contract';

/** What can fail on this side of the wire. */
export type ClientErrorCode = 'UNREACHABLE' | 'TIMED_OUT' | 'INVALID_ANSWER' | 'NO_WEBSOCKET';

export interface ComfleetErrorFields {
  /** HTTP status; 0 when there was no answer. */
  readonly status?: number;
  readonly requestId?: string | null;
  readonly details?: Record<string, unknown> | null;
  /** What the answer's Retry-After said, in milliseconds. */
  readonly retryAfterMs?: number | null;
  /** The answer's JSON when it is not our envelope. */
  readonly answer?: unknown;
  readonly cause?: unknown;
}

/** Every failure of a call: the server's registered code, or one of ours when no usable answer came. */
export class ComfleetError extends Error {
  override readonly name: string = 'ComfleetError';
  /** A code of the error registry, a client code, or a newer server's code that this version does not know. */
  readonly code: ErrorCode | ClientErrorCode | (string & {});
  readonly status: number;
  readonly requestId: string | null;
  readonly details: Record<string, unknown> | null;
  readonly retryAfterMs: number | null;
  readonly answer: unknown;

  constructor(
    code: ErrorCode | ClientErrorCode | (string & {}),
    message: string,
    fields: ComfleetErrorFields = {},
  ) {
    super(message, { cause: fields.cause });
    this.code = code;
    this.status = fields.status ?? 0;
    this.requestId = fields.requestId ?? null;
    this.details = fields.details ?? null;
    this.retryAfterMs = fields.retryAfterMs ?? null;
    this.answer = fields.answer ?? null;
  }
}

/** Thrown by `run` when the task ended otherwise than succeeded; `code` and `details` are the task's error. */
export class TaskEndedError extends ComfleetError {
  override readonly name: string = 'TaskEndedError';
  readonly task: TaskDetail;

  /** `message` is what the server says of the end: where a node failed, the node with its own message. */
  constructor(task: TaskDetail) {
    const code = task.error?.code ?? (task.status === 'canceled' ? 'CANCELED' : 'INTERNAL');
    super(code, task.message, { details: task.error?.details ?? null });
    this.task = task;
  }

  /** Why it failed, as texts for any language (`@comfleet/contract/texts/tasks`), with the traceback of a node that raised. */
  get failure(): Failure {
    const { code, message, details } = this;
    return readFailure({ code, message: this.task.error?.message ?? message, details });
  }
}

/** Reads an error answer: our envelope, or whatever a proxy in between wrote. */
export async function readErrorResponse(response: Response, nowMs: number): Promise<ComfleetError> {
  const text = await response.text();
  const answer = parseJsonOrNull(text);
  const envelope = errorEnvelopeSchema.safeParse(answer);
  const retryAfterMs = parseRetryAfter(response.headers.get('retry-after'), nowMs);
  if (envelope.success) {
    const { error, request_id: requestId } = envelope.data;
    return new ComfleetError(error.code, error.message, {
      status: response.status,
      requestId,
      details: error.details,
      retryAfterMs,
    });
  }
  return new ComfleetError(codeOfStatus(response.status), `The server answered ${response.status}.`, {
    status: response.status,
    requestId: response.headers.get('x-request-id'),
    details: text === '' ? null : { body: text.slice(0, 500) },
    retryAfterMs,
    answer,
  });
}

/** Retry-After in seconds or as an HTTP date (RFC 9110 10.2.3) → milliseconds from now; null when absent or unreadable. */
export function parseRetryAfter(value: string | null, nowMs: number): number | null {
  if (value === null) return null;
  if (/^\d+(\.\d+)?$/.test(value.trim())) return Number(value) * 1000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? null : Math.max(0, at - nowMs);
}

/** Parses JSON; null for text that is none. */
export function parseJsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null; // not JSON: the caller treats it as an answer of something else than Comfleet
  }
}

function codeOfStatus(status: number): ErrorCode | ClientErrorCode {
  if (status === 401) return 'UNAUTHORIZED';
  if (status === 403) return 'FORBIDDEN';
  if (status === 404) return 'NOT_FOUND';
  if (status === 429) return 'RATE_LIMITED';
  if (status === 413) return 'BODY_TOO_LARGE';
  return status === 502 || status === 503 || status === 504 ? 'UNAVAILABLE' : 'INVALID_ANSWER';
}
