import type { AttemptEnding, RecordedError, WorkerId } from '@comfleet/contract';
import { canRun, listDoubts, type Needs, type WorkerFacts } from '../placement/needs.ts';
import type { PlacementBoard } from '../placement/placement-board.ts';
import { askForMoreVram } from '../tasks/requirements.ts';
import type { TaskRow } from '../tasks/task-tables.ts';
import type { TaskLanes } from './task-lanes.ts';

/** Plans the lane of a task that avoids one more worker. Also returns whether another worker could take it now. */
export function planRetryLane(
  { board, lanes }: { board: PlacementBoard; lanes: TaskLanes },
  task: TaskRow,
  { workerId, error, ending }: FailedTry,
): { stored: string; requirements: string; hasOtherWorker: boolean } {
  const { needs: requirements } = lanes.find(task.requirements);
  const excludedWorkers = [...new Set([...requirements.excludedWorkers, workerId])];
  const needs = { ...requirements, excludedWorkers };
  const others = listOthers(board, needs, excludedWorkers);
  const failed = board.workers.get(workerId)?.facts;
  const othersBytes = others.map(({ vramBytes }) => vramBytes);
  const next =
    error.code === 'OUT_OF_MEMORY' ? askForMoreVram(needs, failed?.vramBytes ?? 0, othersBytes) : needs;
  return {
    stored: lanes.derive(next).stored,
    requirements: JSON.stringify(next),
    hasOtherWorker: ending === 'refused' && failed ? hasSurer(board, failed, next) : others.length > 0,
  };
}

/** How a task failed on a worker. */
export interface FailedTry {
  readonly workerId: WorkerId;
  readonly error: Pick<RecordedError, 'code'>;
  readonly ending: AttemptEnding;
}

/**
 * A refused task is sent again only to a worker that is more likely to accept it. If the first worker listed every choice, that
 * is an online worker that lists every choice too; else any worker that lists more of them, and the task waits for that one.
 */
function hasSurer(board: PlacementBoard, failed: WorkerFacts, needs: Needs): boolean {
  const maxDoubts = listDoubts(failed, needs).length;
  if (maxDoubts === 0)
    return listOthers(board, needs, needs.excludedWorkers).some(
      (other) => listDoubts(other, needs).length === 0,
    );
  return [...board.workers.values()].some(
    ({ facts, standsBack }) =>
      !standsBack &&
      facts.state !== 'disabled' &&
      !needs.excludedWorkers.includes(facts.id) &&
      canRun(facts, needs) &&
      listDoubts(facts, needs).length < maxDoubts,
  );
}

/** Online workers that can run this, without the excepted ones. */
export function listOthers(board: PlacementBoard, needs: Needs, excepted: readonly string[]): WorkerFacts[] {
  const others: WorkerFacts[] = [];
  for (const { facts, standsBack } of board.workers.values()) {
    if (facts.state !== 'online' || standsBack || excepted.includes(facts.id)) continue;
    if (canRun(facts, needs)) others.push(facts);
  }
  return others;
}
