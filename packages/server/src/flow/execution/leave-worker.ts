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
  /** What to do with a prompt that still waits or runs there. */
  whatIsThere: 'stop' | 'keep';
}

/**
 * `ended`: the prompt has a result, which counts. `gone`: it certainly no longer runs there. `unknown`: it may still run, so
 * running it elsewhere may overlap.
 */
export type Left = 'ended' | 'gone' | 'unknown';

/** The worker is lost, so the last lookup is a short one. */
const LAST_LOOKUP_MS = 1500;
const STOP_WAIT_MS = 3000;

/**
 * Looks a prompt up on its lost worker one last time, before it runs elsewhere (LB8). A finished result is taken; a prompt that
 * is still there is stopped, if the worker answers at all.
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
