import type { PrincipalId, ProjectId, WorkerId } from '@comfleet/contract';

/** Tasks that ended on a day and are no longer kept, by whose they were, what they ran and where. */
export interface RollupRow {
  /** Hash of what the row is about. */
  id: string;
  /** Incremented by every addition. */
  version: number;
  /** Calendar day of the end in the server's time zone, `2026-03-29`. */
  day: string;
  owner_id: PrincipalId;
  project_id: ProjectId | null;
  workflow_name: string | null;
  worker_id: WorkerId | null;
  succeeded: number;
  failed: number;
  canceled: number;
  expired: number;
  attempts: number;
  /** Of `LogHistogram`: from acceptance to the first start on a worker. */
  waits: string;
  /** Of `LogHistogram`: from that start to the end, of tasks that succeeded. */
  runs: string;
}

export interface RollupTables {
  rollup: RollupRow;
}
