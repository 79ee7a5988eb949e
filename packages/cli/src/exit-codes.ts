import { formatTexts } from '@comfleet/contract/texts/catalogue';
import { USAGE_TEXTS, type UsageText } from '@comfleet/contract/texts/usage';

/** What the command's exit status says; documented in docs/reference/cli.md. */
export const EXIT = {
  ok: 0,
  /** A task failed, or something went wrong. */
  failed: 1,
  /** The command line is not right. */
  usage: 2,
  unreachable: 3,
  unauthorised: 4,
  notFound: 5,
  /** Timed out, expired or canceled. */
  timedOut: 6,
  configInvalid: 78,
  /** Ended by Ctrl-C. */
  interrupted: 130,
} as const;

/** Something that the command itself finds wrong, in the reader's language when it is shown. */
export class ExplainedError extends Error {
  /** What is wrong, and what to do about it; the message is their English. */
  readonly texts: readonly UsageText[];

  constructor(texts: UsageText | readonly UsageText[], options?: ErrorOptions) {
    const list = 'code' in texts ? [texts] : texts;
    super(formatTexts(USAGE_TEXTS, 'en', list), options);
    this.texts = list;
  }
}

/** A mistake in the command line that only the command itself can see. */
export class UsageError extends ExplainedError {
  override readonly name = 'UsageError';
}

interface CodedError {
  readonly code: string;
  readonly status: number;
  readonly task?: { readonly status: string };
}

/** What the server refuses of the values that the command line gave. */
const USAGE_CODES = new Set(['INVALID_PARAMETERS', 'INVALID_REQUEST']);
const TIMED_OUT_CODES = new Set(['EXECUTION_TIMEOUT', 'DEADLINE_EXCEEDED', 'CANCELED']);

/** The exit status for what was thrown. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError) return EXIT.usage;
  if (!isCoded(error)) return EXIT.failed;
  if (error.code === 'CONFIG_INVALID') return EXIT.configInvalid;
  if (error.code === 'UNREACHABLE' || (error.code === 'TIMED_OUT' && error.status === 0))
    return EXIT.unreachable;
  if (error.task !== undefined) return exitCodeOfTask(error.task.status, error.code);
  if (USAGE_CODES.has(error.code)) return EXIT.usage;
  if (error.status === 401 || error.status === 403) return EXIT.unauthorised;
  return error.status === 404 ? EXIT.notFound : EXIT.failed;
}

/** The exit status for how a task ended. */
export function exitCodeOfTask(status: string, errorCode: string | null): number {
  if (status === 'succeeded') return EXIT.ok;
  const late = status === 'canceled' || status === 'expired' || TIMED_OUT_CODES.has(errorCode ?? '');
  return late ? EXIT.timedOut : EXIT.failed;
}

function isCoded(error: unknown): error is CodedError {
  return error instanceof Error && 'code' in error && typeof error.code === 'string';
}
