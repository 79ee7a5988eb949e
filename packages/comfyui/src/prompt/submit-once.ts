import type { ComfyError } from '../http/comfy-error.ts';
import type { ComfyHttp } from '../http/comfy-http.ts';
import type { PromptRequest, RefusalError, SubmitOutcome } from '../http/submit-prompt.ts';
import type { Clock } from '../time/clock.ts';
import { findPrompt, isThere, lookForPrompt } from './find-prompt.ts';

/**
 * What became of a prompt that was sent once.
 * found: the answer is missing, and the server has the prompt, or had it. absent: the answer was lost and the server said, at
 * the last of four looks, that it does not have it. unreachable: the answer was lost and so was the server: it may run it.
 */
export type Submission =
  | { kind: 'accepted' }
  /** Accepted, though some outputs failed validation and will not run. */
  | { kind: 'partial'; nodeErrors: Record<string, unknown> }
  | { kind: 'found' }
  | { kind: 'refused'; status: number; error: RefusalError; nodeErrors: Record<string, unknown> | null }
  | { kind: 'not_sent'; cause: ComfyError }
  | { kind: 'absent'; cause: ComfyError }
  | { kind: 'unreachable'; cause: ComfyError };

/** Steps on the way, for logs and the like. */
export type SubmitReport =
  /** The request is on its way, no answer yet. */
  | { kind: 'handed_over' }
  | { kind: 'unclear'; cause: ComfyError }
  | { kind: 'lookup_failed'; cause: unknown };

export interface SubmitJob {
  http: ComfyHttp;
  clock: Clock;
  /** Its own `signal` cuts the POST short. */
  request: PromptRequest;
  /** Resolves when the prompt is known to have ended, by whatever way: then it was accepted, answer or not. */
  ended: Promise<unknown>;
  /** Ends the looking after an unclear POST, not the POST; `submitOnce` then rejects with the reason. */
  signal?: AbortSignal | undefined;
  report?: (report: SubmitReport) => void;
}

/** A POST without an answer for this long is looked for too; its prompt may have started, even ended. */
const UNANSWERED_LOOKUP_MS = 2000;

/**
 * Sends a prompt once, whatever happens. ComfyUI does not tell two equal prompts apart, so sending again would run it twice:
 * an unclear POST is looked for in queue and history at 0, 1, 3 and 5 s instead. Throws for a graph that is no JSON.
 */
export async function submitOnce(job: SubmitJob): Promise<Submission> {
  const outcome = await postUnlessSeen(job);
  if (outcome === 'seen') return { kind: 'found' };
  switch (outcome.kind) {
    case 'accepted':
      return outcome.nodeErrors === null
        ? { kind: 'accepted' }
        : { kind: 'partial', nodeErrors: outcome.nodeErrors };
    case 'refused':
    case 'not_sent':
      return outcome;
    case 'unclear':
      job.report?.(outcome);
      return lookAfterUnclear(job, outcome.cause);
    default: {
      const unknownOutcome: never = outcome;
      return unknownOutcome;
    }
  }
}

async function lookAfterUnclear(job: SubmitJob, cause: ComfyError): Promise<Submission> {
  const { http, clock, signal, request } = job;
  const onFailed = reportFailure(job);
  const place = await lookForPrompt({ http, clock, signal, promptId: request.promptId, onFailed });
  if (place === 'absent' || place === 'unreachable') return { kind: place, cause };
  return { kind: 'found' };
}

/** The POST's outcome, or `seen` when the prompt is on the server while the answer is still missing. */
async function postUnlessSeen(job: SubmitJob): Promise<SubmitOutcome | 'seen'> {
  const { http, request, ended, report } = job;
  const over = new AbortController();
  const signals = request.signal === undefined ? [over.signal] : [request.signal, over.signal];
  const post = http.submitPrompt({ ...request, signal: AbortSignal.any(signals) });
  report?.({ kind: 'handed_over' });
  try {
    const seen = ended.then(() => 'seen' as const);
    return await Promise.race([post, seen, lookWhileUnanswered(job, over.signal)]);
  } finally {
    over.abort(new Error('the prompt is on the server, or the POST was answered'));
  }
}

/** Never settles unless the prompt was found. */
async function lookWhileUnanswered(job: SubmitJob, over: AbortSignal): Promise<'seen'> {
  const { http, clock, request } = job;
  for (;;) {
    try {
      await clock.sleep(UNANSWERED_LOOKUP_MS, over);
    } catch {
      // The POST was answered: nobody waits for this any more.
      return new Promise(() => undefined);
    }
    const place = await findPrompt(http, request.promptId, { onFailed: reportFailure(job) });
    if (isThere(place)) return 'seen';
  }
}

function reportFailure({ report }: SubmitJob): (cause: unknown) => void {
  return (cause) => report?.({ kind: 'lookup_failed', cause });
}
