import type { Strategy, WorkerId } from '@comfleet/contract';

export type { Strategy } from '@comfleet/contract';

/** How long runs take, as far as it was measured; ms, null without a measurement. */
export interface Durations {
  /** A run of this workflow on this worker with its models loaded. */
  expectedMs(workflowKey: string, workerId: WorkerId): number | null;
  /** What loading its models adds. */
  expectedLoadMs(workflowKey: string, workerId: WorkerId): number | null;
}

/** Everything a decision depends on beside the board and the heads of the lanes. */
export interface PlacementRules {
  readonly strategy: Strategy;
  /** The first task of a lane is overtaken by tasks whose models are loaded at most this often, and for at most this long. */
  readonly bypass: { readonly starts: number; readonly ms: number };
  /** Most tasks of a type at once; null without a limit. */
  readonly typeLimit: (taskType: string) => number | null;
  readonly durations: Durations;
  /** Tasks that wait in a lane. */
  readonly laneSize: (lane: string) => number;
  /** 0 ≤ x < 1. */
  readonly random: () => number;
}
