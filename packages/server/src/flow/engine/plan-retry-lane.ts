import type { AttemptEnding, RecordedError, WorkerId } from '@comfleet/contract';
import { canRun, listDoubts, type Needs, type WorkerFacts } from '../placement/needs.ts';
import type { PlacementBoard } from '../placement/placement-board.ts';
import { askForMoreVram } from '../tasks/requirements.ts';
import type { TaskRow } from '../tasks/task-tables.ts';
import type { TaskLanes } from './task-lanes.ts';

/** Where a task that avoids one more worker waits, and whether another one could take it now. */
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
 * What one worker refused is sent to another one that is online and lists everything; where the first lacks a choice, also to
 * one that lists more of them, which is waited for. One that lacks no less would refuse it too.
 */
function hasSurer(board: PlacementBoard, failed: WorkerFacts, needs: Needs): boolean {
  const most = listDoubts(failed, needs).length;
  if (most === 0)
    return listOthers(board, needs, needs.excludedWorkers).some(
      (other) => listDoubts(other, needs).length === 0,
    );
  return [...board.workers.values()].some(
    ({ facts, standsBack }) =>
      !standsBack &&
      facts.state !== 'disabled' &&
      !needs.excludedWorkers.includes(facts.id) &&
      canRun(facts, needs) &&
      listDoubts(facts, needs).length < most,
  );
}

/** Workers online that can run this, but for these. */
export function listOthers(board: PlacementBoard, needs: Needs, excepted: readonly string[]): WorkerFacts[] {
  const others: WorkerFacts[] = [];
  for (const { facts, standsBack } of board.workers.values()) {
    if (facts.state !== 'online' || standsBack || excepted.includes(facts.id)) continue;
    if (canRun(facts, needs)) others.push(facts);
  }
  return others;
}
