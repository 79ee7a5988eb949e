import type { PromptEnd } from '../completion/prompt-outcome.ts';
import type { Graph } from '../graphs/graph.ts';
import { ComfyError } from '../http/comfy-error.ts';
import type { ComfyHttp } from '../http/comfy-http.ts';
import { stopPrompt } from '../prompt/stop-prompt.ts';
import { type Submission, submitOnce } from '../prompt/submit-once.ts';
import type { StatusWatch } from '../socket/comfy-socket.ts';
import type { Clock } from '../time/clock.ts';
import { toPromptError } from './prompt-error.ts';
import type { SessionReporter } from './session-reporter.ts';
import type { TrackedPrompt } from './tracked-prompt.ts';

/** One prompt, and what running it needs. */
export interface PromptJob {
  prompt: TrackedPrompt;
  graph: Graph;
  http: ComfyHttp;
  clock: Clock;
  reporter: SessionReporter;
  /** The socket that receives its messages; null when it is followed by polling. */
  socket: { socketId: string; expectStatus(): StatusWatch } | null;
  timeoutMs: number;
  unreachableMs: number;
  signal: AbortSignal | undefined;
}

type SucceededEnd = Extract<PromptEnd, { kind: 'succeeded' }>;
type GivenUp = 'TIMEOUT' | 'ABORTED' | 'OUTCOME_UNKNOWN';

const POST_TIMEOUT_MS = 30_000;

/** Sends one registered prompt and waits for its end. Throws ComfyError for every end except success. */
export async function executePrompt(job: PromptJob): Promise<SucceededEnd> {
  if (job.signal?.aborted)
    throw new ComfyError('ABORTED', 'Aborted before POST /prompt', { cause: job.signal.reason });
  const lost = await submit(job);
  const end = await waitForEnd(job, lost);
  if (end.kind === 'succeeded') return end;
  const error = toPromptError(job.prompt.promptId, end, lost ?? undefined);
  job.reporter.print(job.reporter.texts.failed(job.prompt.promptId, error.message));
  throw error;
}

/** Submits the prompt. Returns null when the server has it, or the failure of the POST when that is unknown. */
async function submit(job: PromptJob): Promise<ComfyError | null> {
  const { prompt, reporter, socket } = job;
  const { promptId, follower } = prompt;
  const watch = socket?.expectStatus();
  const submission = await post(job);
  // Aborted during the lookups: it is stopped like a running one.
  if (submission === null) return null;
  switch (submission.kind) {
    case 'accepted':
    case 'found':
      watch?.accepted();
      follower.begin();
      reporter.print(reporter.texts.submitted(promptId));
      reporter.print(reporter.texts.waiting(promptId));
      reporter.log({ step: 'submitted', promptId, message: submission.kind });
      return null;
    case 'unreachable':
      follower.begin('unclear');
      reporter.print(reporter.texts.unclear(promptId));
      return submission.cause;
    default:
      watch?.cancel();
      if (submission.kind === 'partial') await withdraw(job);
      throw toRefusal(promptId, submission);
  }
}

/** Posts the prompt. An abort does not end the POST: a prompt that may have arrived must be stopped. Null if it ended the lookups. */
async function post({ prompt, graph, http, clock, reporter, socket, signal }: PromptJob) {
  const { promptId, follower } = prompt;
  try {
    return await submitOnce({
      http,
      clock,
      request: { graph, promptId, socketId: socket?.socketId ?? promptId, timeoutMs: POST_TIMEOUT_MS },
      ended: follower.ended,
      signal,
      report: (report) => {
        if (report.kind === 'unclear')
          reporter.log({ step: 'unclear', promptId, message: report.cause.message, cause: report.cause });
        if (report.kind === 'lookup_failed')
          reporter.log({ step: 'check_failed', promptId, message: report.kind, cause: report.cause });
      },
    });
  } catch (error) {
    if (signal?.aborted) return null;
    throw error;
  }
}

function toRefusal(
  promptId: string,
  submission: Exclude<Submission, { kind: 'accepted' | 'found' | 'unreachable' }>,
): ComfyError {
  switch (submission.kind) {
    case 'partial': {
      const details = { promptId, nodeErrors: submission.nodeErrors };
      return new ComfyError('PROMPT_REFUSED', 'Some outputs of the workflow failed validation', { details });
    }
    case 'refused': {
      const { error, nodeErrors, status } = submission;
      const details = { promptId, status, type: error.type, errorDetails: error.details, nodeErrors };
      return new ComfyError('PROMPT_REFUSED', error.message, { details });
    }
    case 'not_sent':
    case 'absent':
      return submission.cause;
  }
}

async function waitForEnd(job: PromptJob, lost: ComfyError | null): Promise<PromptEnd> {
  const { follower, promptId } = job.prompt;
  const limits = limitWait(job, lost !== null);
  const end = await Promise.race([follower.ended, limits.over]);
  limits.cancel();
  if (typeof end !== 'string') return end.end;
  const isStopped = end !== 'OUTCOME_UNKNOWN' && (await withdraw(job));
  throw new ComfyError(end, describe(end, job), {
    cause: end === 'OUTCOME_UNKNOWN' ? lost : job.signal?.reason,
    details: { promptId, ...(isStopped ? {} : { mayRun: true }) },
  });
}

function describe(end: GivenUp, { timeoutMs, unreachableMs }: PromptJob): string {
  if (end === 'ABORTED') return 'Aborted';
  if (end === 'TIMEOUT') return `Not finished within ${timeoutMs / 1000} s`;
  const seconds = unreachableMs / 1000;
  return `The answer to POST /prompt was lost and the server not reached for ${seconds} s: it may have run the prompt`;
}

/** Ends the wait without an end: by the caller, by the timeout, or when the server stays silent after an unclear POST. */
function limitWait(
  { prompt, clock, timeoutMs, unreachableMs, signal }: PromptJob,
  isUnclear: boolean,
): { over: Promise<GivenUp>; cancel: () => void } {
  const cancels: (() => void)[] = [];
  const over = new Promise<GivenUp>((resolve) => {
    const abort = (): void => resolve('ABORTED');
    if (signal?.aborted) abort();
    signal?.addEventListener('abort', abort, { once: true });
    cancels.push(
      () => signal?.removeEventListener('abort', abort),
      clock.setTimer(timeoutMs, () => resolve('TIMEOUT')),
    );
    if (!isUnclear) return;
    const check = (): void => {
      if (prompt.follower.phase === 'unclear') resolve('OUTCOME_UNKNOWN');
    };
    cancels.push(clock.setTimer(unreachableMs, check));
  });
  const cancelAll = (): void => {
    for (const cancel of cancels) cancel();
  };
  return { over, cancel: cancelAll };
}

/** Stops the prompt on the server. Returns false when that was not confirmed. */
async function withdraw({ http, prompt: { promptId }, reporter }: PromptJob): Promise<boolean> {
  try {
    await stopPrompt(http, promptId);
    return true;
  } catch (cause) {
    reporter.log({ step: 'check_failed', promptId, message: 'Could not take the prompt back', cause });
    return false;
  }
}
