import type { BoardWorker } from './board-worker.ts';
import type { Head, Opening, Surroundings } from './opening.ts';
import type { PlacementBoard } from './placement-board.ts';
import type { PlacementRules } from './rules.ts';

/** Without measurements, a run and a load of models count the same. */
const UNIT_MS = 1000;
/**
 * Weight of a model load: it evicts models that are loaded again later, and the worker does no work meanwhile. Higher on the
 * last idle worker, which another lane may need next. Found with the scheduling simulator: lower weights cause more switches,
 * higher ones leave tasks waiting next to idle workers.
 */
const LOAD_WEIGHT = { spare: 3, last: 8 };
/** How many workers are compared; more make no difference. */
const COMPARED = 8;

/** True when the task starts sooner after a model load on an idle worker than after the prompts of the hot worker. */
export function isSwitchSooner(
  { head }: Opening,
  { hot, cold }: { hot: BoardWorker; cold: readonly BoardWorker[] },
  { rules, nowMs }: Surroundings,
): boolean {
  const [other] = cold;
  if (!other || hot.load === 0) return false;
  return expectedLoadMs(head, other, rules) * weighLoad(cold) < expectedWaitMs(hot, rules, nowMs);
}

/**
 * True when a lane had better wait for the workers that have its models: only if runs and loads were measured, and these
 * workers finish the whole lane before a load pays off.
 */
export function isWorthWaiting(
  { head, lane }: Opening,
  cold: readonly BoardWorker[],
  { board, rules, nowMs }: Surroundings,
): boolean {
  let waitMs = 0;
  let runsMs = 0;
  let hotWorkers = 0;
  for (const worker of board.withModels(lane.modelsKey)) {
    if (!lane.serving.has(worker) || worker.facts.state !== 'online') continue;
    const runMs = rules.durations.expectedMs(head.workflowKey, worker.facts.id);
    if (runMs === null) return false;
    waitMs += expectedWaitMs(worker, rules, nowMs);
    runsMs += runMs;
    hotWorkers += 1;
  }
  if (hotWorkers === 0) return false;
  const drainMs = (waitMs + (runsMs / hotWorkers) * rules.laneSize(lane.key)) / hotWorkers;
  return cold.slice(0, COMPARED).every(({ facts }) => {
    const loadMs = rules.durations.expectedLoadMs(head.workflowKey, facts.id);
    return loadMs !== null && loadMs * weighLoad(cold) > drainMs;
  });
}

function weighLoad(idle: readonly BoardWorker[]): number {
  return idle.length > 1 ? LOAD_WEIGHT.spare : LOAD_WEIGHT.last;
}

/**
 * Of the workers that may switch, prefers those that had these models before their current ones and may still hold them, then
 * those with nothing loaded, then those whose models other workers have loaded too.
 */
export function preferSpare(
  workers: readonly BoardWorker[],
  modelsKey: string,
  board: PlacementBoard,
): readonly BoardWorker[] {
  const returning = workers.filter((worker) => worker.previousKey === modelsKey);
  if (returning.length > 0) return returning;
  const fresh = workers.filter((worker) => worker.modelsKey === null);
  if (fresh.length > 0) return fresh;
  const spare = workers.filter((worker) => board.withModels(worker.modelsKey ?? '').size > 1);
  return spare.length > 0 ? spare : workers;
}

function expectedLoadMs(head: Head, worker: BoardWorker, { durations }: PlacementRules): number {
  return (
    durations.expectedLoadMs(head.workflowKey, worker.facts.id) ??
    durations.expectedMs(head.workflowKey, worker.facts.id) ??
    UNIT_MS
  );
}

/** Ms until a worker has finished its prompts; a running one counts half a run, or its remaining time if measured. */
function expectedWaitMs(worker: BoardWorker, { durations }: PlacementRules, nowMs: number): number {
  let waitMs = 0;
  for (const prompt of worker.prompts.values()) {
    const knownMs = durations.expectedMs(prompt.workflowKey, worker.facts.id);
    const runMs = knownMs ?? UNIT_MS;
    if (prompt.phase !== 'running' || prompt.startedMs === null) waitMs += runMs;
    else if (knownMs === null) waitMs += runMs / 2;
    else waitMs += Math.max(runMs / 10, runMs - (nowMs - prompt.startedMs));
  }
  return waitMs;
}
