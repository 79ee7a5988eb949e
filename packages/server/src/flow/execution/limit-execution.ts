import type { PromptFollower } from '@comfleet/comfyui';
import type { Clock } from '../../platform/time/clock.ts';

const MIN_CHECK_MS = 50;
const MAX_CHECK_MS = 1000;

/** One running prompt and its limit. */
export interface LimitedPrompt {
  promptId: string;
  tracker: {
    find(promptId: string): Pick<PromptFollower, 'phase'> | null;
    isRunning(promptId: string): boolean;
  };
  /** 0 or less: no limit. */
  timeoutMs: number;
  /** When progress was last seen: the limit counts from then. Null: the limit is for the whole run. */
  progressAtMs: () => number | null;
  clock: Clock;
  /** The prompt was seen running for the first time. */
  onRunning: (startedMs: number) => void;
  onExceeded: () => void;
}

/**
 * Watches the execution limit, which counts from the prompt's start on the worker, not from its time in the queue. The returned
 * function ends the watch.
 */
export function limitExecution({
  promptId,
  tracker,
  timeoutMs,
  progressAtMs: heardMs,
  clock,
  ...on
}: LimitedPrompt): () => void {
  if (timeoutMs <= 0) return () => {};
  let startedMs: number | null = null;
  let cancel = () => {};
  const check = () => {
    const phase = tracker.find(promptId)?.phase;
    // Fetching files does not count as run time.
    if (phase === 'ended') return;
    const nowMs = clock.monotonicMs();
    if (startedMs === null && (phase === 'running' || tracker.isRunning(promptId))) {
      startedMs = nowMs;
      on.onRunning(nowMs);
    }
    const sinceMs = startedMs === null ? nowMs : Math.max(startedMs, heardMs() ?? startedMs);
    const leftMs = timeoutMs - (nowMs - sinceMs);
    if (leftMs <= 0) on.onExceeded();
    else cancel = clock.setTimer(Math.min(MAX_CHECK_MS, Math.max(MIN_CHECK_MS, leftMs)), check);
  };
  cancel = clock.setTimer(Math.min(MAX_CHECK_MS, timeoutMs), check);
  return () => cancel();
}
