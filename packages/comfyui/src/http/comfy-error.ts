/**
 * What went wrong between us and one ComfyUI server. CONNECTION_REFUSED: no byte was sent. RESET: the connection broke and the
 * server may have acted. OUTCOME_UNKNOWN: the response to a submission was lost and the server stayed unreachable: it may have
 * run the prompt.
 */
export type ComfyErrorCode =
  | 'CONNECTION_REFUSED'
  | 'TIMEOUT'
  | 'RESET'
  | 'ABORTED'
  | 'BAD_STATUS'
  | 'INVALID_BODY'
  | 'TOO_LARGE'
  | 'INVALID_GRAPH'
  | 'PROMPT_REFUSED'
  | 'PROMPT_FAILED'
  | 'PROMPT_INTERRUPTED'
  | 'PROMPT_LOST'
  | 'OUTCOME_UNKNOWN'
  | 'CLOSED';

/** Why a certificate is rejected. no_tls: the server does not speak https on this port; other: see the system's code. */
export type CertificateProblem =
  | 'self_signed'
  | 'unknown_issuer'
  | 'expired'
  | 'not_yet_valid'
  | 'wrong_name'
  | 'no_tls'
  | 'other';

/** `code` is the system's; `names` are those of the certificate if it was issued for another host. */
export interface CertificateFault {
  problem: CertificateProblem;
  code: string;
  names?: string;
}

/** Facts of an error: the HTTP status, the prompt, the graph node. */
export interface ComfyErrorDetails {
  status?: number;
  promptId?: string;
  nodeId?: string;
  nodeType?: string;
  bodyText?: string;
  /** The server may have run the prompt, or still run it: look for `promptId` there before running it again. */
  mayRun?: true;
  /** The host refused the connection: no process listens there. Absent: the host was not reached, or the cause is unknown. */
  portClosed?: true;
  /** The server was reached, but its certificate was rejected; nothing of the request was sent. */
  certificate?: CertificateFault;
  [name: string]: unknown;
}

/** The only error this package throws on purpose; `code` tells what to do, `cause` keeps the original error. */
export class ComfyError extends Error {
  readonly code: ComfyErrorCode;
  readonly details: ComfyErrorDetails;

  constructor(
    code: ComfyErrorCode,
    message: string,
    options: { cause?: unknown; details?: ComfyErrorDetails } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'ComfyError';
    this.code = code;
    this.details = options.details ?? {};
  }
}
