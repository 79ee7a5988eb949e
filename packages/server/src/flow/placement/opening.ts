import type { PrincipalId, ProjectId, TaskId } from '@comfleet/contract';
import type { BoardLane } from './board-lane.ts';
import type { PlacementBoard } from './placement-board.ts';
import type { PlacementRules } from './rules.ts';

/** The first task of a lane, as the queue stores it. */
export interface Head {
  readonly taskId: TaskId;
  readonly lane: string;
  readonly priority: number;
  /** Its priority, raised if its client waited too long. */
  readonly rank: number;
  readonly acceptedSeq: number;
  readonly ownerId: PrincipalId;
  readonly projectId: ProjectId | null;
  readonly workflowKey: string;
}

/** A lane with its first task; `owned` prompts of the task's client are on workers. */
export interface Opening {
  readonly head: Head;
  readonly lane: BoardLane;
  readonly owned: number;
}

/** What a decision reads besides the lanes. */
export interface Surroundings {
  readonly board: PlacementBoard;
  readonly rules: PlacementRules;
  readonly nowMs: number;
}

/** Across lanes: rank, then the client with the fewest prompts on workers, then age. Negative when `a` comes first. */
export function compareOpenings(a: Opening, b: Opening): number {
  return b.head.rank - a.head.rank || a.owned - b.owned || a.head.acceptedSeq - b.head.acceptedSeq;
}
