import type { PlacementBoard } from '../placement/placement-board.ts';
import type { TaskQueue } from '../queue/task-queue.ts';
import type { PlacementState } from './engine.ts';

/** Every lane with waiting tasks and every worker, as placement sees them. */
export async function describePlacement(
  board: PlacementBoard,
  queue: TaskQueue,
  { strategy, nowMs }: { strategy: string; nowMs: number },
): Promise<PlacementState> {
  const lanes = (await queue.lanes()).flatMap((key) => board.findLane(key) ?? []);
  return {
    strategy,
    waiting: queue.size(),
    lanes: lanes.map((lane) => ({
      lane: lane.key,
      taskType: lane.needs.taskType,
      models: splitModels(lane.modelsKey),
      waiting: queue.count(lane.key),
      overtaken: lane.overtaken,
      serving: lane.serving.size,
      free: lane.free.size,
    })),
    workers: [...board.workers.values()].map((worker) => ({
      workerId: worker.facts.id,
      name: worker.facts.name,
      selections: worker.selections,
      chosenMsAgo: worker.lastChosenMs === null ? null : nowMs - worker.lastChosenMs,
      load: worker.load,
      slots: worker.facts.slots,
      models: splitModels(worker.modelsKey ?? ''),
    })),
  };
}

function splitModels(modelsKey: string): string[] {
  return modelsKey === '' ? [] : modelsKey.split('|');
}
