import type { PromptState } from './prompt-state.ts';

/** Time limits of the detector, ms. */
export interface DetectorLimits {
  /** Absent from queue and history twice, at least this far apart, is lost (design: 2 s). */
  lostAfterMs: number;
  /** An end was announced but history stays empty or incomplete for this long (a history may be 10 s late). */
  endingMs: number;
  /** No message about the prompt for this long makes an empty history ask the queue too. */
  quietMs: number;
}

/** Defaults of the detector. */
export const DETECTOR_LIMITS: DetectorLimits = { lostAfterMs: 2000, endingMs: 20_000, quietMs: 3000 };

const ENDING_DELAYS_MS = [50, 100, 200, 500, 1000];

/** How long to wait before the next tick, ms: short and growing once an end was announced, else the polling period. */
export function nextTickDelayMs(state: PromptState, pollMs = 1000): number {
  if (state.phase !== 'ending') return pollMs;
  return ENDING_DELAYS_MS[state.historyReads - 1] ?? pollMs;
}
