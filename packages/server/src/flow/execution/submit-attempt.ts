import { type ComfyError, type ComfyHttp, type Graph, type Submission, submitOnce } from '@comfleet/comfyui';
import type { ErrorDetails } from '../../platform/errors/error-details.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import type { Clock } from '../../platform/time/clock.ts';
import { type AttemptResult, endAttempt } from './ending.ts';
import { reportSubmit } from './prompt-reports.ts';

export interface SubmitAttemptJob {
  http: ComfyHttp;
  graph: Graph;
  promptId: string;
  socketId: string;
  extraData: Record<string, unknown>;
  /** Aborts the POST and the lookups. */
  signal: AbortSignal;
  clock: Clock;
  logger: Logger;
  /** Resolves when the prompt is known to have ended, however that was noticed: then it was accepted, answered or not. */
  ended: Promise<unknown>;
  /** An accepted POST must be followed by a status frame; without one the socket counts as broken. */
  onAccepted: () => void;
}

export type SubmittedAttempt =
  /** `nodeErrors`: why some outputs do not run, empty when all do; null if the answer was lost. */
  | { kind: 'submitted'; nodeErrors: Record<string, unknown> | null }
  /** `mayLand`: the prompt was not found, but its POST may still be on its way. */
  | { kind: 'over'; result: Exclude<AttemptResult, { ending: 'succeeded' }>; mayLand: boolean };

/** Sends an attempt's prompt at most once. Returns what the outcome means for the attempt. */
export async function submitAttempt(job: SubmitAttemptJob): Promise<SubmittedAttempt> {
  const { http, clock, graph, promptId, socketId, extraData, signal, ended, logger } = job;
  const submission = await submitOnce({
    http,
    clock,
    request: { graph, promptId, socketId, extraData, signal },
    ended,
    signal,
    report: reportSubmit(logger, promptId),
  });
  if (submission.kind === 'accepted' || submission.kind === 'partial') job.onAccepted();
  return classifySubmission(submission);
}

/** Pure. A worker that does not answer may run the prompt, which is then followed until the worker counts as lost. */
export function classifySubmission(submission: Submission): SubmittedAttempt {
  switch (submission.kind) {
    case 'accepted':
      return { kind: 'submitted', nodeErrors: {} };
    case 'partial':
      return { kind: 'submitted', nodeErrors: submission.nodeErrors };
    case 'found':
    case 'unreachable':
      return { kind: 'submitted', nodeErrors: null };
    case 'refused': {
      const { status, error, nodeErrors } = submission;
      if (isUnheard(status)) {
        const cause = `POST /prompt answered ${status}`;
        return over('lost', 'WORKER_UNREACHABLE', { cause, dispatched: false, refused: true });
      }
      return over('refused', 'PROMPT_REFUSED', { status, error, node_errors: nodeErrors ?? {} });
    }
    case 'not_sent': {
      const cause = submission.cause.message;
      return over('lost', 'WORKER_UNREACHABLE', { cause, dispatched: false, refused: true });
    }
    case 'absent':
      return classifyAbsence(submission.cause);
    default: {
      const unknownSubmission: never = submission;
      return unknownSubmission;
    }
  }
}

/**
 * True for statuses that ComfyUI never sends for a prompt: a redirect, a missing or refused login, a wrong path, too many
 * requests. ComfyUI did not receive the prompt, so the status says nothing about it.
 */
export function isUnheard(status: number): boolean {
  return (status >= 300 && status < 400) || [401, 403, 404, 405, 407, 429].includes(status);
}

/** Statuses of a proxy that cannot reach the worker; the worker itself did not answer. */
const UNREACHED = new Set([502, 503, 504]);

/** A worker that answered has read the request, so that it cannot land late. */
function classifyAbsence({ code, message, details }: ComfyError): SubmittedAttempt {
  const { status = 0, bodyText = '' } = details;
  if (code !== 'BAD_STATUS' || UNREACHED.has(status)) {
    const lost = over('lost', 'WORKER_UNREACHABLE', { cause: message, dispatched: false });
    return { ...lost, mayLand: true };
  }
  const body = bodyText.trim().replaceAll(/\s+/g, ' ');
  return over('refused', 'SUBMIT_FAILED', { status, message: body === '' ? message : `${message}: ${body}` });
}

function over<Code extends 'PROMPT_REFUSED' | 'SUBMIT_FAILED' | 'WORKER_UNREACHABLE'>(
  ending: 'refused' | 'lost',
  code: Code,
  details: ErrorDetails<Code>,
): Extract<SubmittedAttempt, { kind: 'over' }> {
  return { kind: 'over', result: endAttempt(ending, code, details), mayLand: false };
}
