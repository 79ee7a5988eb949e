import { type ComfyHttp, type Graph, type Submission, stopPrompt, submitOnce } from '@comfleet/comfyui';
import type { Logger } from '../../platform/logging/logger.ts';
import type { Clock } from '../../platform/time/clock.ts';
import type { TaskRequirements } from '../tasks/requirements.ts';
import type { TaskRow } from '../tasks/task-tables.ts';
import { type AttemptResult, endAttempt } from './ending.ts';
import { reportSubmit } from './prompt-reports.ts';
import { STOP_CALL_TIMEOUT_MS } from './wait-until-gone.ts';

export interface SubmitAttemptJob {
  http: ComfyHttp;
  graph: Graph;
  promptId: string;
  socketId: string;
  /** A worker that takes only a part of the graph has refused it. */
  allOrNothing: boolean;
  extraData: Record<string, unknown>;
  /** Cuts the POST and the looking short. */
  signal: AbortSignal;
  clock: Clock;
  logger: Logger;
  /** Resolves when the prompt is known to have ended, by whatever way: then it was accepted, answer or not. */
  ended: Promise<unknown>;
  /** An accepted POST expects a status frame; the socket counts as deaf without one. */
  onAccepted: () => void;
}

export type SubmittedAttempt =
  /** `nodeErrors`: why some outputs do not run; null when all do, or when the answer was lost. */
  | { kind: 'submitted'; nodeErrors: Record<string, unknown> | null }
  /** `mayLand`: the prompt was not found, but its POST may still be on its way. */
  | { kind: 'over'; result: Exclude<AttemptResult, { ending: 'succeeded' }>; mayLand: boolean };

/** Whether the task wants all of its graph run or nothing. */
export function readAllOrNothing({ requirements }: Pick<TaskRow, 'requirements'>): boolean {
  const { allOrNothing }: Pick<TaskRequirements, 'allOrNothing'> = JSON.parse(requirements);
  return allOrNothing ?? false;
}

/** Sends an attempt's prompt, at most once, and says what that means for the attempt. */
export async function submitAttempt(job: SubmitAttemptJob): Promise<SubmittedAttempt> {
  const { http, clock, graph, promptId, socketId, extraData, signal, ended, logger, allOrNothing } = job;
  const submission = await submitOnce({
    http,
    clock,
    request: { graph, promptId, socketId, extraData, signal },
    ended,
    signal,
    report: reportSubmit(logger, promptId),
  });
  if (submission.kind === 'accepted' || submission.kind === 'partial') job.onAccepted();
  if (submission.kind === 'partial' && allOrNothing)
    await stopPrompt(http, promptId, { timeoutMs: STOP_CALL_TIMEOUT_MS });
  return judgeSubmission(submission, { allOrNothing });
}

/**
 * Pure. A worker that does not answer may run the prompt: it is followed, until the fleet gives the worker up. What it takes a part
 * of goes on with that part, unless all or nothing was asked for.
 */
export function judgeSubmission(
  submission: Submission,
  { allOrNothing }: Pick<SubmitAttemptJob, 'allOrNothing'>,
): SubmittedAttempt {
  switch (submission.kind) {
    case 'accepted':
    case 'found':
    case 'unreachable':
      return { kind: 'submitted', nodeErrors: null };
    case 'partial':
      if (!allOrNothing) return { kind: 'submitted', nodeErrors: submission.nodeErrors };
      return over('refused', 'PROMPT_REFUSED', { node_errors: submission.nodeErrors, partial: true });
    case 'refused': {
      const { status, error, nodeErrors } = submission;
      return over('refused', 'PROMPT_REFUSED', { status, error, node_errors: nodeErrors ?? {} });
    }
    case 'not_sent': {
      const cause = submission.cause.message;
      return over('lost', 'WORKER_UNREACHABLE', { cause, dispatched: false, refused: true });
    }
    case 'absent': {
      const cause = submission.cause.message;
      return { ...over('lost', 'WORKER_UNREACHABLE', { cause, dispatched: false }), mayLand: true };
    }
    default: {
      const unknownSubmission: never = submission;
      return unknownSubmission;
    }
  }
}

function over(
  ending: 'refused' | 'lost',
  code: 'PROMPT_REFUSED' | 'WORKER_UNREACHABLE',
  details: Record<string, unknown>,
): Extract<SubmittedAttempt, { kind: 'over' }> {
  return { kind: 'over', result: endAttempt(ending, code, details), mayLand: false };
}
