import type { WorkerId } from '@comfleet/contract';
import type { BoardLane } from './board-lane.ts';
import type { BoardWorker } from './board-worker.ts';
import { hasFailed, hasOther, isAvoided, isBarred } from './candidates.ts';
import { type Chosen, scoreWorker } from './choose-worker.ts';
import type { Decision } from './decide.ts';
import { findMissing, isPinnedElsewhere, listDoubts, type Needs, nameChoice, type Refusal } from './needs.ts';
import type { PlacementBoard } from './placement-board.ts';
import type { PlacementRules } from './rules.ts';
import { type FullLimit, findFull, isTypeFull, type Limited } from './running-limits.ts';

/** Why one worker does not take a waiting task. */
export interface WorkerReason {
  readonly workerId: WorkerId;
  readonly name: string;
  readonly load: number;
  readonly slots: number;
  /** True when the models of the task are loaded there, or it needs none. */
  readonly hot: boolean;
  /** Null when the worker could take the task now, so that the task only waits for its turn. */
  readonly refusal: Refusal | null;
}

/** Why a waiting task does not run yet. */
export interface WaitingReasons {
  readonly workers: WorkerReason[];
  /** The limit of tasks on workers that is reached; null when none keeps it waiting. */
  readonly full: FullLimit | null;
  /** How often, and since when (monotonic ms), tasks with loaded models have overtaken the first task of its lane. */
  readonly overtaken: number;
  readonly passedSinceMs: number | null;
}

/** Explains for each worker why it does not take the task now. */
export function explainWaiting(
  board: PlacementBoard,
  { lane, needs, task }: { lane: BoardLane | null; needs: Needs; task: Limited },
  rules: Pick<PlacementRules, 'typeLimit' | 'running'>,
): WaitingReasons {
  return {
    workers: [...board.workers.values()].map((worker) => ({
      workerId: worker.facts.id,
      name: worker.facts.name,
      load: worker.load,
      slots: worker.facts.slots,
      hot: isHot(worker, lane),
      refusal: findRefusal(worker, lane, needs),
    })),
    full: isTypeFull(board, needs.taskType, rules) ? 'task_type' : findFull(board, task, rules),
    overtaken: lane?.overtaken ?? 0,
    passedSinceMs: lane?.passedSinceMs ?? null,
  };
}

function findRefusal(worker: BoardWorker, lane: BoardLane | null, needs: Needs): Refusal | null {
  if (worker.standsBack) return { reason: 'simulated_beside_real' };
  if (isPinnedElsewhere(worker.facts, needs)) return { reason: 'not_pinned' };
  const { state } = worker.facts;
  const missing = findMissing(worker.facts, needs);
  // A worker that was never reached has no inventory yet: its state is the better reason.
  if (missing && (state === 'online' || missing.reason !== 'no_inventory')) return missing;
  if (state !== 'online') return { reason: state };
  return findBetterOthers(worker, lane) ?? findBusiness(worker, lane);
}

/** Refusal of a worker that leaves the task to better ones: it failed the task, or is a backup. */
function findBetterOthers(worker: BoardWorker, lane: BoardLane | null): Refusal | null {
  if (lane && isBarred(worker, lane)) return { reason: 'failed_here' };
  if (lane && isAvoided(worker, lane) && hasOther(lane, (other) => !isAvoided(other, lane)))
    return nameAvoidance(worker, lane);
  if (lane && worker.facts.group === 'backup' && hasOther(lane, (other) => other.facts.group === 'primary'))
    return { reason: 'backup' };
  return null;
}

function nameAvoidance(worker: BoardWorker, lane: BoardLane): Refusal {
  if (hasFailed(worker, lane)) return { reason: 'failed_here' };
  if (!lane.isDoubtful(worker)) return { reason: 'vram' };
  return { reason: 'choice', missing: listDoubts(worker.facts, lane.needs).map(nameChoice).join(', ') };
}

function findBusiness(worker: BoardWorker, lane: BoardLane | null): Refusal | null {
  // Online, but its last check failed: it gets no prompts until it answers again.
  if (worker.facts.slots === 0) return { reason: 'suspect' };
  if (worker.load >= worker.facts.slots) return { reason: 'full' };
  return isHot(worker, lane) ? null : { reason: 'cold' };
}

function isHot(worker: BoardWorker, lane: BoardLane | null): boolean {
  return lane === null || lane.modelsKey === '' || lane.modelsKey === worker.modelsKey;
}

/** The stored explanation of a placement: reason, best scores, and how many workers were ruled out for which reason. */
export interface PlacedReasons {
  readonly strategy: string;
  readonly ground: string;
  readonly candidates: number;
  /** The chosen worker, then the next best; smaller scores are better. */
  readonly scores: { readonly worker: string; readonly score: readonly number[]; readonly load: number }[];
  readonly refused: Readonly<Record<string, number>>;
}

const SHOWN_SCORES = 3;
/** How many other candidates are scored. */
const SCORED = 32;

/** Explains why a worker was chosen. Call it before the decision is applied to the board. */
export function explainStart(
  board: PlacementBoard,
  { lane, worker, head, reason }: Extract<Decision, { kind: 'start' }>,
  rules: PlacementRules,
): PlacedReasons {
  const task: Chosen = { workflowKey: head.workflowKey, modelsKey: lane.modelsKey };
  const toScore = (candidate: BoardWorker) => ({
    worker: candidate.facts.name,
    score: scoreWorker(candidate, task, rules),
    load: candidate.load,
  });
  const others: BoardWorker[] = [];
  for (const candidate of lane.free) {
    if (others.length >= SCORED) break;
    if (candidate !== worker) others.push(candidate);
  }
  const next = others.map(toScore).sort((a, b) => (a.score[0] ?? 0) - (b.score[0] ?? 0));
  return {
    strategy: rules.strategy,
    ground: lane.modelsKey === '' ? 'no_models' : reason,
    candidates: lane.free.size,
    scores: [toScore(worker), ...next.slice(0, SHOWN_SCORES - 1)],
    refused: countRefused(board, lane),
  };
}

/** Counts refusals without a pass over all workers: away ones are few, and full ones are serving minus free minus away. */
function countRefused(board: PlacementBoard, lane: BoardLane): Record<string, number> {
  const states: Record<string, number> = {};
  let away = 0;
  for (const worker of board.away) {
    if (!lane.serving.has(worker)) continue;
    const { state } = worker.facts;
    states[state] = (states[state] ?? 0) + 1;
    away += 1;
  }
  const full = lane.serving.size - lane.free.size - away;
  const incapable = board.workers.size - lane.serving.size;
  return { ...states, ...(full > 0 && { full }), ...(incapable > 0 && { incapable }) };
}
