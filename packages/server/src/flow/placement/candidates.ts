import type { BoardLane } from './board-lane.ts';
import type { BoardWorker } from './board-worker.ts';

/** Free workers of a lane. Avoided workers and backups are left out while a better one is online. */
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

/** True when a serving worker is online and fits. */
export function hasOther(lane: BoardLane, fits: (worker: BoardWorker) => boolean): boolean {
  for (const worker of lane.serving)
    if (worker.facts.state === 'online' && !worker.standsBack && fits(worker)) return true;
  return false;
}

/**
 * True for a worker on which the task failed, that has no more memory than one on which it ran out, or that lists fewer of its
 * choices than others. It is taken only if no other worker is online.
 */
export function isAvoided(worker: BoardWorker, lane: BoardLane): boolean {
  return hasFailed(worker, lane) || isTooSmall(worker, lane) || lane.isDoubtful(worker);
}

/** True for a worker that failed the task and lists fewer of its choices than another one: the task waits for that one. */
export function isBarred(worker: BoardWorker, lane: BoardLane): boolean {
  return hasFailed(worker, lane) && lane.isDoubtful(worker);
}

export function hasFailed({ facts }: BoardWorker, { needs }: BoardLane): boolean {
  return needs.excludedWorkers.includes(facts.id);
}

function isTooSmall({ facts }: BoardWorker, { needs }: BoardLane): boolean {
  return facts.vramBytes > 0 && facts.vramBytes < (needs.minVramBytes ?? 0);
}
