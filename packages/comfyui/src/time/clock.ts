/** The package's source of time; tests pass their own. Milliseconds everywhere. */
export interface Clock {
  /** Wall clock, Unix time. */
  nowMs(): number;
  /** Never goes backwards; for durations. */
  monotonicMs(): number;
  /** Rejects with the signal's reason when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Calls `fn` once after `ms`; the returned function cancels it. */
  setTimer(ms: number, fn: () => void): () => void;
}
