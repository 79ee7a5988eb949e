import type { StatisticsCalls } from '../../../src/flow/calls/statistics/statistics-calls.ts';

/** Fixed numbers. */
export function createFakeStatistics(): StatisticsCalls {
  return {
    engine: async () => ({
      waiting: 3,
      held: 1,
      running: 2,
      finished: { succeeded: 7 },
      finishedBy: { socket: 6, watchdog: 1 },
      overlapPossible: 2,
      lateStopped: 0,
      foreignEnds: 0,
      retriesDelayed: 0,
    }),
    balancer: async () => ({ strategy: 'least_loaded', waiting: 0, lanes: [], workers: [] }),
    estimateErrors: async () => {
      const run_time = { samples: 8, median_error_ratio: 0.1, p90_error_ratio: 0.4 };
      return [{ workflow: 'image_to_video_basic', task_type: 'image_to_video', run_time, end_time: null }];
    },
  };
}
