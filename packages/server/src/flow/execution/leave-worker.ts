import { type ComfyHttp, findPrompt, type PromptFollower, stopPrompt } from '@comfleet/comfyui';
import type { Logger } from '../../platform/logging/logger.ts';
import type { Clock } from '../../platform/time/clock.ts';
import { reportLookupFailure } from './prompt-reports.ts';
import { STOP_CALL_TIMEOUT_MS, waitUntilGone } from './wait-until-gone.ts';

export interface LeaveJob {
  http: ComfyHttp;
  follower: PromptFollower;
  clock: Clock;
  logger: Logger;
  /** What becomes of a prompt that still waits or runs there. */
  whatIsThere: 'stop' | 'keep';
}

/**
 * `ended`: it has a result, which counts. `gone`: it is certain that it does not run there any more. `unknown`: it may
 * still run, so running it elsewhere may overlap.
 */
export type Left = 'ended' | 'gone' | 'unknown';

/** The worker is given up: the last look is a short one. */
const LAST_LOOKUP_MS = 1500;
const STOP_WAIT_MS = 3000;

/**
 * The last look at a worker that the fleet has given up, before its prompt runs elsewhere (LB8): a finished result is
 * taken, a prompt that is still there is stopped, as far as the worker answers at all.
 */
export async function leaveWorker(job: LeaveJob): Promise<Left> {
  const { http, follower, clock, logger } = job;
  const { promptId } = follower;
  const onFailed = reportLookupFailure(logger, promptId);
  const place = await findPrompt(http, promptId, { onFailed, timeoutMs: LAST_LOOKUP_MS });
  switch (place) {
    case 'ended':
      return (await follower.check()) ? 'ended' : 'unknown';
    case 'absent':
      return 'gone';
    case 'unreachable':
      return 'unknown';
    case 'queued':
      if (job.whatIsThere === 'keep') return 'unknown';
      break;
    default: {
      const unknownPlace: never = place;
      return unknownPlace;
    }
  }
  try {
    await stopPrompt(http, promptId, { timeoutMs: STOP_CALL_TIMEOUT_MS });
    await waitUntilGone(http, promptId, { clock, limitMs: STOP_WAIT_MS });
    return 'gone';
  } catch (thrown) {
    logger.debug('prompt.stop_failed', { promptId, error: thrown });
    return 'unknown';
  }
}
