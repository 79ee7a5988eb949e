/** Time as the package sees it; tests pass a clock of their own. Milliseconds everywhere. */
export interface Clock {
  /** Wall clock, Unix time. */
  nowMs(): number;
  /** Never goes back; for durations. */
  monotonicMs(): number;
  /** Rejects with the signal's reason when it is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Calls `fn` once after `ms`; the returned function cancels it. */
  setTimer(ms: number, fn: () => void): () => void;
}
