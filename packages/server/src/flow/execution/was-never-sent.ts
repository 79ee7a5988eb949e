import { pollForPrompt } from '@comfleet/comfyui';
import type { AttemptJob, RunnerDeps } from './attempt-job.ts';
import { reportLookupFailure } from './prompt-reports.ts';

/** Our last process may have died before, in or after the POST: it is looked for as long as any unclear one (P6). */
export async function wasNeverSent(
  { clock, logger }: Pick<RunnerDeps, 'clock' | 'logger'>,
  { attempt, worker: { http }, stop }: Pick<AttemptJob, 'attempt' | 'worker' | 'stop'>,
): Promise<boolean> {
  if (attempt.state !== 'claimed') return false;
  const { prompt_id: promptId } = attempt;
  const onFailed = reportLookupFailure(logger, promptId);
  try {
    // A worker that does not answer may have it: the prompt is followed until the worker tells.
    return (await pollForPrompt({ http, promptId, clock, signal: stop, onFailed })) === 'absent';
  } catch (thrown) {
    // Canceled meanwhile: what may be there is stopped like any other.
    if (!stop.aborted || stop.reason === 'shutdown') throw thrown;
    return false;
  }
}
