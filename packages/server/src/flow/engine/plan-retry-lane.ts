import type { WorkerId } from '@comfleet/contract';
import type { Board } from '../placement/board.ts';
import { canRun, type Needs, type WorkerFacts } from '../placement/needs.ts';
import { askForMoreVram, createLaneKey, parseRequirements } from '../tasks/requirements.ts';
import type { TaskRow } from '../tasks/task-tables.ts';

/** Where a task that avoids one more worker waits, and whether another one could take it now. */
export function planRetryLane(
  board: Board,
  task: TaskRow,
  { workerId, needsMoreVram }: { workerId: WorkerId; needsMoreVram: boolean },
): { key: string; requirements: string; hasOtherWorker: boolean } {
  const requirements = parseRequirements(task.requirements);
  const excludedWorkers = [...new Set([...requirements.excludedWorkers, workerId])];
  const needs = { ...requirements, excludedWorkers };
  const others = listOthers(board, needs, excludedWorkers);
  const failedBytes = board.workers.get(workerId)?.facts.vramBytes ?? 0;
  const othersBytes = others.map(({ vramBytes }) => vramBytes);
  const next = needsMoreVram ? askForMoreVram(needs, failedBytes, othersBytes) : needs;
  return {
    key: createLaneKey(next),
    requirements: JSON.stringify(next),
    hasOtherWorker: others.length > 0,
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
