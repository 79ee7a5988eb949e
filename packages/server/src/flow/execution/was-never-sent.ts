import { pollForPrompt } from '@comfleet/comfyui';
import type { AttemptJob, RunnerDeps } from './attempt-job.ts';
import { reportLookupFailure } from './prompt-reports.ts';

/** True if a claimed attempt was not sent. Our last process may have died around the POST, so the worker is asked (P6). */
export async function wasNeverSent(
  { clock, logger }: Pick<RunnerDeps, 'clock' | 'logger'>,
  { attempt, worker: { http }, stop }: Pick<AttemptJob, 'attempt' | 'worker' | 'stop'>,
): Promise<boolean> {
  if (attempt.state !== 'claimed') return false;
  const { prompt_id: promptId } = attempt;
  const onFailed = reportLookupFailure(logger, promptId);
  try {
    // A worker that does not answer may have the prompt, which is then followed until the worker answers.
    return (await pollForPrompt({ http, promptId, clock, signal: stop, onFailed })) === 'absent';
  } catch (thrown) {
    // Canceled in the meantime: a prompt that may be there is stopped like any other.
    if (!stop.aborted || stop.reason === 'shutdown') throw thrown;
    return false;
  }
}
