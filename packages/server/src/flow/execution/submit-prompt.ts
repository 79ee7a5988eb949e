import type { ComfyHttp, Graph, SubmitOutcome } from '@comfleet/comfyui';
import { stringifyLosslessJson } from '@comfleet/comfyui';
import { toError } from '../../platform/errors/app-error.ts';
import { reach } from '../../platform/lifecycle/failpoints.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import type { Clock } from '../../platform/time/clock.ts';
import { type AttemptResult, endAttempt } from './ending.ts';
import { findPlace, type Place, stopPrompt } from './prompt-on-worker.ts';

export interface SubmitJob {
  http: ComfyHttp;
  graph: Graph;
  promptId: string;
  socketId: string;
  extraData: Record<string, unknown>;
  signal: AbortSignal;
  clock: Clock;
  logger: Logger;
  /** Resolves when the prompt is known to have ended, by whatever way: then it was accepted, answer or not. */
  ended: Promise<unknown>;
  /** An accepted POST expects a status frame; the socket counts as deaf without one. */
  onAccepted: () => void;
}

export type Submitted =
  | { kind: 'submitted' }
  /** `mayLand`: the prompt was not found, but its POST may still be on its way. */
  | { kind: 'over'; result: Exclude<AttemptResult, { ending: 'succeeded' }>; mayLand: boolean };

/** When an unclear POST is looked for, ms after it broke; a time-out can land late, so not once but four times. */
const LOOK_AT_MS = [0, 1000, 3000, 5000];
/** A POST without an answer for this long is looked for too; its prompt may have started, even ended. */
const UNANSWERED_LOOK_MS = 2000;

/**
 * Sends the prompt once. Whatever is unclear is looked for in queue and history before anything else is tried: ComfyUI
 * does not tell two equal prompts apart (C2), so a blind resend would run the task twice.
 */
export async function submitPrompt(job: SubmitJob): Promise<Submitted> {
  const outcome = await postUnlessSeen(job);
  if (outcome === 'seen') return { kind: 'submitted' };
  switch (outcome.kind) {
    case 'accepted':
      job.onAccepted();
      return outcome.nodeErrors ? refusePartial(job, outcome.nodeErrors) : { kind: 'submitted' };
    case 'refused':
      return over('refused', 'PROMPT_REFUSED', {
        status: outcome.status,
        error: outcome.error,
        node_errors: outcome.nodeErrors ?? {},
      });
    case 'not_sent':
      return over('lost', 'WORKER_UNREACHABLE', {
        cause: outcome.cause.message,
        dispatched: false,
        refused: true,
      });
    case 'unclear':
      job.logger.warn('prompt.unclear', { promptId: job.promptId, error: outcome.cause.message });
      // A worker that does not answer may run it: it is followed until it does, or until the fleet gives the worker up.
      return (await lookForPrompt(job)) === 'absent'
        ? {
            ...over('lost', 'WORKER_UNREACHABLE', { cause: outcome.cause.message, dispatched: false }),
            mayLand: true,
          }
        : { kind: 'submitted' };
    default: {
      const unknownOutcome: never = outcome;
      return unknownOutcome;
    }
  }
}

/** The POST's outcome, or `seen` when the prompt is on the worker while the answer is still missing. */
async function postUnlessSeen(job: SubmitJob): Promise<SubmitOutcome | 'seen'> {
  const over = new AbortController();
  const post = job.http.submitPrompt({
    graph: stringifyLosslessJson(job.graph),
    promptId: job.promptId,
    socketId: job.socketId,
    extraData: job.extraData,
    signal: AbortSignal.any([job.signal, over.signal]),
  });
  reach('post_handed_over');
  try {
    const ended = job.ended.then(() => 'seen' as const);
    return await Promise.race([post, ended, lookWhileUnanswered(job, over.signal)]);
  } finally {
    over.abort(new Error('the prompt is on the worker'));
  }
}

/** Never settles unless the prompt was found. */
async function lookWhileUnanswered(job: SubmitJob, over: AbortSignal): Promise<'seen'> {
  for (;;) {
    try {
      await job.clock.sleep(UNANSWERED_LOOK_MS, over);
    } catch {
      // The POST was answered: nobody waits for this any more.
      return new Promise(() => {});
    }
    if (isThere(await findPlace(job.http, job.promptId, job))) return 'seen';
  }
}

/** Some outputs were dropped (200 with node_errors): half a result is a failure, so the rest is stopped too. */
async function refusePartial(job: SubmitJob, nodeErrors: Record<string, unknown>): Promise<Submitted> {
  await stopPrompt(job.http, job.promptId);
  return over('refused', 'PROMPT_REFUSED', { node_errors: nodeErrors, partial: true });
}

/** What the last look said. */
export async function lookForPrompt(
  job: Pick<SubmitJob, 'http' | 'promptId' | 'clock' | 'signal' | 'logger'>,
): Promise<Place> {
  let place: Place = 'unreachable';
  let waitedMs = 0;
  for (const atMs of LOOK_AT_MS) {
    await job.clock.sleep(atMs - waitedMs, job.signal);
    waitedMs = atMs;
    place = await findPlace(job.http, job.promptId, job);
    if (isThere(place)) return place;
  }
  return place;
}

/**
 * Takes a prompt that waits out of its worker's queue. True only when the worker then has it nowhere: neither in its queue,
 * nor running, nor in its history. ComfyUI answers a deletion the same way whether it found something or not (protocol 4).
 */
export async function removeQueuedPrompt({
  http,
  promptId,
  logger,
}: Pick<SubmitJob, 'http' | 'promptId' | 'logger'>): Promise<boolean> {
  try {
    await http.deleteQueued([promptId], { timeoutMs: 5000 });
  } catch (thrown) {
    logger.warn('prompt.not_taken_back', { promptId, error: toError(thrown).message });
    return false;
  }
  return (await findPlace(http, promptId, { logger })) === 'absent';
}

function isThere(place: Place): boolean {
  return place === 'queued' || place === 'ended';
}

function over(
  ending: 'refused' | 'lost',
  code: 'PROMPT_REFUSED' | 'WORKER_UNREACHABLE',
  details: Record<string, unknown>,
): Extract<Submitted, { kind: 'over' }> {
  return { kind: 'over', result: endAttempt(ending, code, details), mayLand: false };
}
