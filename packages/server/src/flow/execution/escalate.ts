import { type ComfyHttp, type PromptFollower, stopPrompt } from '@comfleet/comfyui';
import { toError } from '../../platform/errors/app-error.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import type { Clock } from '../../platform/time/clock.ts';
import { type EscalationState, type EscalationStep, nextEscalation } from './escalation.ts';
import { STOP_CALL_TIMEOUT_MS, waitUntilGone } from './wait-until-gone.ts';

export interface EscalateJob {
  http: ComfyHttp;
  follower: PromptFollower;
  clock: Clock;
  logger: Logger;
  /** Restarts the worker's process; null when it is not ours. */
  restart: (() => Promise<void>) | null;
  /** Reports a step and its result, for the task's history. */
  onStep: (step: EscalationStep, result: 'stopped' | 'still_there', reason: string | null) => void;
}

/** How long to wait for the effect of a step. */
const WAIT_MS: Record<Exclude<EscalationStep, 'restart'>, number> = { cancel: 10_000, free_memory: 5000 };

/** Takes one step after another against a prompt that hangs, in the order of `nextEscalation`. */
export async function escalate(job: EscalateJob): Promise<'stopped' | 'left'> {
  const { promptId } = job.follower;
  let state: EscalationState = nextEscalation({ kind: 'watching' }, { type: 'limit_exceeded' });
  while (state.kind === 'trying') {
    const { step } = state;
    const failure = await tryStep(job, step);
    job.logger.warn('prompt.escalated', { promptId, step, result: failure ?? 'stopped' });
    job.onStep(step, failure === null ? 'stopped' : 'still_there', failure);
    state = nextEscalation(
      state,
      failure === null ? { type: 'gone' } : { type: 'still_there', canRestart: job.restart !== null },
    );
  }
  return state.kind === 'over' ? state.outcome : 'left';
}

/** Returns null when the step removed the prompt, else why it did not. */
async function tryStep(job: EscalateJob, step: EscalationStep): Promise<string | null> {
  const { http, follower, clock, restart } = job;
  try {
    if (step === 'restart') {
      await restart?.();
      return null;
    }
    if (step === 'cancel') await stopPrompt(http, follower.promptId, { timeoutMs: STOP_CALL_TIMEOUT_MS });
    else await http.free({ unloadModels: true, freeMemory: true }, { timeoutMs: WAIT_MS[step] });
    const gone = waitUntilGone(http, follower.promptId, { clock, limitMs: WAIT_MS[step] });
    await Promise.race([follower.ended, gone]);
    return null;
  } catch (thrown) {
    return toError(thrown).message;
  }
}
