import type { Strategy, WorkerId } from '@comfleet/contract';
import type { RunningLimits } from '../tasks/admission.ts';

export type { Strategy } from '@comfleet/contract';

/** Measured durations in ms; null without a measurement. */
export interface Durations {
  /** A run of this workflow on this worker with its models loaded. */
  expectedMs(workflowKey: string, workerId: WorkerId): number | null;
  /** What loading its models adds. */
  expectedLoadMs(workflowKey: string, workerId: WorkerId): number | null;
}

/** Everything a decision depends on besides the board and the heads of the lanes. */
export interface PlacementRules {
  readonly strategy: Strategy;
  /** How often, and for how long, tasks with loaded models may overtake the first task of a lane. */
  readonly bypass: { readonly starts: number; readonly ms: number };
  /** Maximum of tasks of a type at once; null without a limit. */
  readonly typeLimit: (taskType: string) => number | null;
  /** Maximum of tasks on workers at once, of a client or user, and of a project. */
  readonly running: RunningLimits;
  readonly durations: Durations;
  /** How many tasks wait in a lane. */
  readonly laneSize: (lane: string) => number;
  /** 0 ≤ x < 1. */
  readonly random: () => number;
}
