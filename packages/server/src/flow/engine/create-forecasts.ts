import type { WorkerId } from '@comfleet/contract';
import type { Database } from '../../platform/database/database.ts';
import type { Clock } from '../../platform/time/clock.ts';
import { Forecasts } from '../estimates/forecasts.ts';
import type { RunEstimates } from '../estimates/run-estimates.ts';
import type { PlacementBoard } from '../placement/placement-board.ts';
import type { EmbeddedQueue } from '../queue/embedded-queue.ts';
import type { TaskTables } from '../tasks/task-tables.ts';

export interface ForecastParts {
  database: Database<TaskTables>;
  clock: Clock;
  estimates: RunEstimates;
  queue: EmbeddedQueue;
  board: PlacementBoard;
}

/** Creates forecasts from the current queue and fleet. */
export function createForecasts({ database, clock, estimates, queue, board }: ForecastParts): Forecasts {
  return new Forecasts({
    estimates,
    clock,
    nowMs: () => database.nowMs(),
    outlook: {
      ahead: (taskId) => {
        const own = queue.positionInLane(taskId);
        return own === null ? null : { own, others: (queue.position(taskId) ?? own) - own };
      },
      lanes: () => queue.laneSizes(),
      serving: (lane) => listServing(board, lane),
    },
  });
}

/** Workers expected to serve a lane. Backups, and workers that failed its tasks or may refuse them, count only if no other is there. */
function listServing(board: PlacementBoard, key: string): { workerId: WorkerId; load: number }[] {
  const lane = board.findLane(key);
  if (!lane) return [];
  const inService = [...lane.serving].filter(
    ({ facts, standsBack }) => facts.state === 'online' && !standsBack,
  );
  const fresh = preferred(inService, ({ facts }) => !lane.needs.excludedWorkers.includes(facts.id));
  const sure = preferred(fresh, (worker) => !lane.isDoubtful(worker));
  const serving = preferred(sure, ({ facts }) => facts.group === 'primary');
  return serving.map(({ facts, load }) => ({ workerId: facts.id, load }));
}

function preferred<T>(items: readonly T[], isPreferred: (item: T) => boolean): readonly T[] {
  const found = items.filter(isPreferred);
  return found.length > 0 ? found : items;
}
