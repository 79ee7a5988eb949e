import type { Balancer, EstimateError } from '@comfleet/contract';
import type { Clock } from '../../../platform/time/clock.ts';
import type { Engine, EngineStats } from '../../engine/engine.ts';

export type { EngineStats } from '../../engine/engine.ts';

/** Statistics that doors may ask for. */
export interface StatisticsCalls {
  /** For health and metrics. */
  engine(): Promise<EngineStats>;
  /** What the balancer did since the start, and what waits for it. */
  balancer(): Promise<Balancer>;
  /** The error of estimates, by workflow. */
  estimateErrors(): Promise<EstimateError[]>;
}

export interface StatisticsDeps {
  engine: Pick<Engine, 'stats' | 'describePlacement' | 'estimateErrors'>;
  clock: Clock;
}

export function createStatisticsCalls({ engine, clock }: StatisticsDeps): StatisticsCalls {
  return {
    engine: () => engine.stats(),
    balancer: async () => {
      const { strategy, waiting, lanes, workers } = await engine.describePlacement();
      const nowMs = clock.nowMs();
      return {
        strategy,
        waiting,
        lanes: lanes.map(({ lane, taskType, models, waiting: count, overtaken, serving, free }) => ({
          lane,
          task_type: taskType,
          models: [...models],
          waiting: count,
          overtaken,
          workers: serving,
          free_workers: free,
        })),
        workers: workers.map(({ workerId, name, selections, chosenMsAgo, load, slots, models }) => ({
          worker_id: workerId,
          name,
          selections,
          last_selected_at: chosenMsAgo === null ? null : new Date(nowMs - chosenMsAgo).toISOString(),
          load,
          slots,
          models: [...models],
        })),
      };
    },
    estimateErrors: () => engine.estimateErrors(),
  };
}
