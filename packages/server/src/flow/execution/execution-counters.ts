/** Counters of execution since the start, for metrics. */
export interface ExecutionCounters {
  /** Tasks sent elsewhere while their old prompt may still run: it was neither stopped nor found gone (P5). */
  overlapPossible: number;
  /** Late prompts that turned up and were stopped (A3, C-5). */
  lateStopped: number;
  /** End messages of prompts that are not followed here: those of other clients, or repeated ones (A16). */
  foreignEnds: number;
  /** Retries that waited because too many others ran (P10). */
  retriesDelayed: number;
}

export function createExecutionCounters(): ExecutionCounters {
  return { overlapPossible: 0, lateStopped: 0, foreignEnds: 0, retriesDelayed: 0 };
}
