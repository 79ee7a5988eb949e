import type { AttemptEnding, RecordedError, WorkerId } from '@comfleet/contract';
import type { Board } from '../placement/board.ts';
import { canRun, listDoubts, type Needs, type WorkerFacts } from '../placement/needs.ts';
import { askForMoreVram } from '../tasks/requirements.ts';
import type { TaskRow } from '../tasks/task-tables.ts';
import type { TaskLanes } from './task-lanes.ts';

/** Where a task that avoids one more worker waits, and whether another one could take it now. */
export function planRetryLane(
  { board, lanes }: { board: Board; lanes: TaskLanes },
  task: TaskRow,
  { workerId, error, ending }: FailedTry,
): { key: string; requirements: string; hasOtherWorker: boolean } {
  const { needs: requirements } = lanes.find(task.requirements);
  const excludedWorkers = [...new Set([...requirements.excludedWorkers, workerId])];
  const needs = { ...requirements, excludedWorkers };
  const others = listOthers(board, needs, excludedWorkers);
  const failed = board.workers.get(workerId)?.facts;
  const othersBytes = others.map(({ vramBytes }) => vramBytes);
  const next =
    error.code === 'OUT_OF_MEMORY' ? askForMoreVram(needs, failed?.vramBytes ?? 0, othersBytes) : needs;
  const able = ending === 'refused' && failed ? others.filter(isSurer(failed, needs)) : others;
  return {
    key: lanes.judge(next).key,
    requirements: JSON.stringify(next),
    hasOtherWorker: able.length > 0,
  };
}

/** How a task failed on a worker. */
export interface FailedTry {
  readonly workerId: WorkerId;
  readonly error: Pick<RecordedError, 'code'>;
  readonly ending: AttemptEnding;
}

/** What one worker refused because it lacks a choice is not sent to one that lacks no less. */
function isSurer(failed: WorkerFacts, needs: Needs): (other: WorkerFacts) => boolean {
  const most = listDoubts(failed, needs).length;
  return (other) => {
    const doubts = listDoubts(other, needs).length;
    return doubts === 0 || doubts < most;
  };
}

/** Workers online that can run this, but for these. */
export function listOthers(board: Board, needs: Needs, excepted: readonly string[]): WorkerFacts[] {
  const others: WorkerFacts[] = [];
  for (const { facts, standsBack } of board.workers.values()) {
    if (facts.state !== 'online' || standsBack || excepted.includes(facts.id)) continue;
    if (canRun(facts, needs)) others.push(facts);
  }
  return others;
}
