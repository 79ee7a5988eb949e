/**
 * What went wrong between us and one ComfyUI server.
 * CONNECTION_REFUSED: no byte left this machine. RESET: the connection broke and the server may have acted.
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
  | 'CLOSED';

/** Facts that belong to an error: the HTTP status, the prompt, the graph node. */
export interface ComfyErrorDetails {
  status?: number;
  promptId?: string;
  nodeId?: string;
  nodeType?: string;
  bodyText?: string;
  [name: string]: unknown;
}

/** The only error this package throws on purpose; `code` says what to do, `cause` keeps what happened below. */
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
