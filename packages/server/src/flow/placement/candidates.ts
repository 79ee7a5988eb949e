import type { BoardLane } from './board-lane.ts';
import type { BoardWorker } from './board-worker.ts';

/** Free workers of a lane, without those that failed the task or are backups while others that could run it are there. */
export function listCandidates(lane: BoardLane): BoardWorker[] {
  const free = [...lane.free];
  const avoidsFailed =
    lane.needs.excludedWorkers.length > 0 && hasOther(lane, (worker) => !hasFailed(worker, lane));
  const avoidsBackups =
    free.some(({ facts }) => facts.group === 'backup') &&
    hasOther(
      lane,
      (worker) => worker.facts.group === 'primary' && !(avoidsFailed && hasFailed(worker, lane)),
    );
  if (!avoidsFailed && !avoidsBackups) return free;
  return free.filter(
    (worker) =>
      !(avoidsFailed && hasFailed(worker, lane)) && !(avoidsBackups && worker.facts.group === 'backup'),
  );
}

/** Whether a worker that serves the lane is online and fits. */
export function hasOther(lane: BoardLane, fits: (worker: BoardWorker) => boolean): boolean {
  for (const worker of lane.serving)
    if (worker.facts.state === 'online' && !worker.standsBack && fits(worker)) return true;
  return false;
}

export function hasFailed(worker: BoardWorker, lane: BoardLane): boolean {
  return lane.needs.excludedWorkers.includes(worker.facts.id);
}
