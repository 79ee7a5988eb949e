import type { TaskId } from '@comfleet/contract';
import type { WorkerRegistry } from '../../fleet/workers/registry.ts';
import type { Database } from '../../platform/database/database.ts';
import type { Scope } from '../../platform/lifecycle/scope.ts';
import type { Clock } from '../../platform/time/clock.ts';
import type { Spine } from '../engine/engine.ts';
import type { Board } from '../placement/board.ts';
import type { EmbeddedQueue } from '../queue/embedded-queue.ts';
import { Forecasts } from './forecasts.ts';
import type { RunEstimates } from './run-estimates.ts';

export interface OpenForecastDeps {
  database: Database;
  clock: Clock;
  fleet: Pick<WorkerRegistry, 'onChange'>;
  estimates: RunEstimates;
  queue: EmbeddedQueue;
  spine: Pick<Spine, 'board'>;
}

/** Forecasts over the queue and the fleet as they are. */
export function openForecasts(scope: Scope, deps: OpenForecastDeps): Forecasts {
  const { database, clock, fleet, estimates, queue, spine } = deps;
  const forget = fleet.onChange(({ type, workerId }) => {
    if (type === 'worker.offline' || type === 'worker.removed') estimates.forgetModels(workerId);
  });
  scope.add('loaded models', forget);
  return new Forecasts({
    estimates,
    clock,
    nowMs: () => database.nowMs(),
    outlook: {
      ahead: (taskId) => {
        const own = queue.positionInLane(taskId as TaskId);
        return own === null ? null : { own, others: (queue.position(taskId as TaskId) ?? own) - own };
      },
      lanes: () => queue.laneSizes(),
      serving: (lane) => listServing(spine.board, lane),
    },
  });
}

/** Backups serve only without a primary, and workers that failed a lane's tasks only without another one. */
function listServing(board: Board, key: string): { workerId: string; load: number }[] {
  const lane = board.findLane(key);
  if (!lane) return [];
  const inService = [...lane.serving].filter(
    ({ facts, standsBack }) => facts.state === 'online' && !standsBack,
  );
  const fresh = preferred(inService, ({ facts }) => !lane.needs.excludedWorkers.includes(facts.id));
  const serving = preferred(fresh, ({ facts }) => facts.group === 'primary');
  return serving.map(({ facts, load }) => ({ workerId: facts.id, load }));
}

function preferred<T>(items: readonly T[], isPreferred: (item: T) => boolean): readonly T[] {
  const found = items.filter(isPreferred);
  return found.length > 0 ? found : items;
}
