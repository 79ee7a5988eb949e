import type { PromptState } from './prompt-state.ts';

/** Time limits of the detector, ms. */
export interface DetectorLimits {
  /** A prompt that is absent from queue and history twice, at least this far apart, is lost. */
  lostAfterMs: number;
  /** How long history may stay empty or incomplete after an announced end (it may be 10 s late). */
  endingMs: number;
  /** After this long without a message an empty history leads to a query of the queue. */
  quietMs: number;
}

/** Defaults of the detector. */
export const DETECTOR_LIMITS: DetectorLimits = { lostAfterMs: 2000, endingMs: 20_000, quietMs: 3000 };

const ENDING_DELAYS_MS = [50, 100, 200, 500, 1000];

/** Delay before the next tick, ms: short and growing after an announced end, else the polling interval. */
export function nextTickDelayMs(state: PromptState, pollMs = 1000): number {
  if (state.phase !== 'ending') return pollMs;
  return ENDING_DELAYS_MS[state.historyReads - 1] ?? pollMs;
}
