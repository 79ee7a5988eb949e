import type { FleetStats, Worker } from '@comfleet/contract';

/** Counts the fleet (ND9). Capacity and free slots include only workers that accept tasks. */
export function countFleet(workers: readonly Worker[]): FleetStats {
  const count = (state: Worker['state']) => workers.filter((worker) => worker.state === state).length;
  const serving = workers.filter(({ state }) => state === 'online' || state === 'busy');
  const capacity = sum(serving.map((worker) => worker.max_concurrent));
  const used = sum(serving.map((worker) => worker.load));
  return {
    total: workers.length,
    online: count('online') + count('busy'),
    offline: count('offline'),
    busy: count('busy'),
    error: count('error'),
    maintenance: count('maintenance'),
    draining: count('draining'),
    capacity,
    load: sum(workers.map((worker) => worker.load)),
    load_percent: toPercent(used, capacity),
    free_slots: sum(serving.map((worker) => Math.max(0, worker.max_concurrent - worker.load))),
  };
}

/** 0 to 100 with one decimal; 0 if `whole` is 0. */
export function toPercent(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.round((part / whole) * 1000) / 10;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
