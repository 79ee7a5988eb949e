import type { BoardLane } from './board-lane.ts';
import type { BoardWorker } from './board-worker.ts';

/** Free workers of a lane, without those it avoids or that are backups while others that could run it are there. */
export function listCandidates(lane: BoardLane): BoardWorker[] {
  const free = lane.isPicky ? [...lane.free].filter((worker) => !isBarred(worker, lane)) : [...lane.free];
  const avoids = lane.isPicky && hasOther(lane, (worker) => !isAvoided(worker, lane));
  const avoidsBackups =
    free.some(({ facts }) => facts.group === 'backup') &&
    hasOther(lane, (worker) => worker.facts.group === 'primary' && !(avoids && isAvoided(worker, lane)));
  if (!avoids && !avoidsBackups) return free;
  return free.filter(
    (worker) => !(avoids && isAvoided(worker, lane)) && !(avoidsBackups && worker.facts.group === 'backup'),
  );
}

/** Whether a worker that serves the lane is online and fits. */
export function hasOther(lane: BoardLane, fits: (worker: BoardWorker) => boolean): boolean {
  for (const worker of lane.serving)
    if (worker.facts.state === 'online' && !worker.standsBack && fits(worker)) return true;
  return false;
}

/**
 * The task failed there, or ran out of memory on a worker that had no less, or others list more of what it picks: taken only
 * where no other one is there.
 */
export function isAvoided(worker: BoardWorker, lane: BoardLane): boolean {
  return hasFailed(worker, lane) || isTooSmall(worker, lane) || lane.isDoubtful(worker);
}

/** It failed the task and lists less of what it picks than another one of the fleet, which is waited for. */
export function isBarred(worker: BoardWorker, lane: BoardLane): boolean {
  return hasFailed(worker, lane) && lane.isDoubtful(worker);
}

export function hasFailed({ facts }: BoardWorker, { needs }: BoardLane): boolean {
  return needs.excludedWorkers.includes(facts.id);
}

function isTooSmall({ facts }: BoardWorker, { needs }: BoardLane): boolean {
  return facts.vramBytes > 0 && facts.vramBytes < (needs.minVramBytes ?? 0);
}
