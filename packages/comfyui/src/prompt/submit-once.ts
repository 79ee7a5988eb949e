import type { ComfyError } from '../http/comfy-error.ts';
import type { ComfyHttp } from '../http/comfy-http.ts';
import type { PromptRequest, RefusalError, SubmitOutcome } from '../http/submit-prompt.ts';
import type { Clock } from '../time/clock.ts';
import { findPrompt, isThere, pollForPrompt } from './find-prompt.ts';

/**
 * What became of a prompt that was sent once.
 * found: there is no answer yet, or it was lost, but the server has or had the prompt. absent: the answer was lost, and the
 * server did not have the prompt at the last of four lookups. unreachable: answer and server were lost; it may run the prompt.
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

/** Steps of a submission, for logs. */
export type SubmitReport =
  /** The request was handed to the network; no answer yet. */
  | { kind: 'handed_over' }
  | { kind: 'unclear'; cause: ComfyError }
  | { kind: 'lookup_failed'; cause: unknown };

export interface SubmitJob {
  http: ComfyHttp;
  clock: Clock;
  /** Its own `signal` aborts the POST. */
  request: PromptRequest;
  /** Resolves when the prompt is known to have ended, however that was noticed: then it was accepted, answered or not. */
  ended: Promise<unknown>;
  /** Ends the lookups after an unclear POST, not the POST itself; `submitOnce` then rejects with the reason. */
  signal?: AbortSignal | undefined;
  report?: (report: SubmitReport) => void;
}

/** After this long without an answer the prompt is looked up as well: it may have started, or even ended. */
const UNANSWERED_LOOKUP_MS = 2000;

/**
 * Sends a prompt at most once. ComfyUI does not recognise a repeated prompt, so a second POST would run it twice. After an
 * unclear POST the prompt is looked up in queue and history instead. Throws for a graph that cannot be written as JSON.
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
      return pollAfterUnclear(job, outcome.cause);
    default: {
      const unknownOutcome: never = outcome;
      return unknownOutcome;
    }
  }
}

async function pollAfterUnclear(job: SubmitJob, cause: ComfyError): Promise<Submission> {
  const { http, clock, signal, request } = job;
  const onFailed = reportFailure(job);
  const place = await pollForPrompt({ http, clock, signal, promptId: request.promptId, onFailed });
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
    return await Promise.race([post, seen, pollWhileUnanswered(job, over.signal)]);
  } finally {
    over.abort(new Error('the prompt is on the server, or the POST was answered'));
  }
}

/** Never settles unless the prompt was found. */
async function pollWhileUnanswered(job: SubmitJob, over: AbortSignal): Promise<'seen'> {
  const { http, clock, request } = job;
  for (;;) {
    try {
      await clock.sleep(UNANSWERED_LOOKUP_MS, over);
    } catch {
      // The POST was answered: nobody awaits this promise.
      return new Promise(() => undefined);
    }
    const place = await findPrompt(http, request.promptId, { onFailed: reportFailure(job) });
    if (isThere(place)) return 'seen';
  }
}

function reportFailure({ report }: SubmitJob): (cause: unknown) => void {
  return (cause) => report?.({ kind: 'lookup_failed', cause });
}
