/** What execution counts for metrics since the start. */
export interface ExecutionCounters {
  /** Tasks sent elsewhere while their old prompt may still run: it could not be stopped nor found gone (P5). */
  overlapPossible: number;
  /** Prompts given up that turned up after all and were stopped (A3, C-5). */
  lateStopped: number;
  /** End messages for prompts that nobody follows here: other people's, or a second time (A16). */
  foreignEnds: number;
  /** Retries that waited because too many others ran (P10). */
  retriesDelayed: number;
}

export function createExecutionCounters(): ExecutionCounters {
  return { overlapPossible: 0, lateStopped: 0, foreignEnds: 0, retriesDelayed: 0 };
}
