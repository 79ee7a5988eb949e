import type { BoardLane } from './board-lane.ts';
import type { BoardWorker, PlacedPrompt } from './board-worker.ts';
import { listCandidates } from './candidates.ts';
import { chooseWorker } from './choose-worker.ts';
import { compareOpenings, type Head, type Opening, type Surroundings } from './opening.ts';
import type { PlacementBoard } from './placement-board.ts';
import { findPreemption } from './preemption.ts';
import type { PlacementRules } from './rules.ts';
import { findFull, isTypeFull } from './running-limits.ts';
import { isSwitchSooner, isWorthWaiting, preferSpare } from './switch-models.ts';

/** Why a task starts: its models are loaded, the worker switches to them, or its lane was passed over too often or too long. */
export type StartReason = 'hot' | 'switch' | 'overdue';

export type Decision =
  | {
      kind: 'start';
      head: Head;
      lane: BoardLane;
      worker: BoardWorker;
      reason: StartReason;
      passed: BoardLane[];
    }
  /** A prompt that only waits on its worker makes room for a task that comes before it. */
  | { kind: 'preempt'; head: Head; worker: BoardWorker; prompt: PlacedPrompt; passed: BoardLane[] }
  | { kind: 'none'; passed: BoardLane[] };

/**
 * Decides what to start next and where, what to preempt for it, or nothing. Pure: `applyDecision` changes the board.
 * - Filter: free slots of workers that serve the lane.
 * - Order: rank, then the client with the fewest prompts, then age.
 * - Preference: a worker with the models loaded, then the strategy.
 * - Bypass: a slot is kept for a later task of the same rank whose models are loaded there, until the earlier task was passed
 *   over too often or too long. Tasks of lower rank get no slot that way.
 */
export function decide(
  board: PlacementBoard,
  heads: readonly Head[],
  rules: PlacementRules,
  nowMs: number,
): Decision {
  const passed: BoardLane[] = [];
  const open: Opening[] = [];
  const shut: Opening[] = [];
  for (const head of heads) {
    const lane = board.findLane(head.lane);
    if (!lane || isTypeFull(board, lane.needs.taskType, rules) || findFull(board, head, rules)) continue;
    const opening = { head, lane, owned: board.ownedBy(head.ownerId) };
    (lane.free.size > 0 ? open : shut).push(opening);
  }
  open.sort(compareOpenings);
  const round = new DecisionRound(open, { board, rules, nowMs });
  for (const [place, opening] of open.entries()) {
    const candidates = round.listAllowed(place);
    if (candidates.length === 0) continue;
    const found = round.findStart(place, candidates);
    const { head, lane } = opening;
    if (found) return { kind: 'start', head, lane, ...found, passed };
    passed.push(lane);
  }
  const preemption = findPreemption(shut, board);
  return preemption ? { kind: 'preempt', ...preemption, passed } : { kind: 'none', passed };
}

/** Applies a decision to lanes and choices on the board; the caller reports the prompts. */
export function applyDecision(board: PlacementBoard, decision: Decision, nowMs: number): void {
  const isStart = decision.kind === 'start';
  for (const lane of decision.passed) {
    lane.recordPassed(nowMs);
    if (isStart && lane.serving.has(decision.worker)) lane.recordOvertaken();
  }
  if (!isStart) return;
  decision.lane.recordStarted(decision.reason);
  board.recordChoice(decision.worker, nowMs);
}

/** One pass over the lanes with a free slot, in order. */
class DecisionRound {
  readonly #open: readonly Opening[];
  readonly #around: Surroundings;
  /** Free workers reserved for lanes of higher rank that were passed over. */
  readonly #reserved = new Set<BoardWorker>();
  /** Places of lanes that had better wait for a worker with their models: they reserve no slot. */
  readonly #waiting = new Set<number>();
  /** Slots of lanes before this place are reserved. */
  #reservedUpTo = 0;
  /** Places of lanes by rank of their first task and models; built on first use. */
  #places: Map<string, number[]> | null = null;

  constructor(open: readonly Opening[], around: Surroundings) {
    this.#open = open;
    this.#around = around;
  }

  /** Workers that the first task of a lane may take, after all lanes before it were passed over. */
  listAllowed(place: number): BoardWorker[] {
    const { head, lane } = this.#at(place);
    for (; this.#at(this.#reservedUpTo).head.rank > head.rank; this.#reservedUpTo += 1)
      if (!this.#waiting.has(this.#reservedUpTo))
        for (const worker of this.#at(this.#reservedUpTo).lane.free) this.#reserved.add(worker);
    const candidates = listCandidates(lane);
    return this.#reserved.size === 0
      ? candidates
      : candidates.filter((worker) => !this.#reserved.has(worker));
  }

  /** Returns where the first task of a lane starts now; null when it is passed over. */
  findStart(place: number, candidates: readonly BoardWorker[]): Start | null {
    const opening = this.#at(place);
    const { head, lane } = opening;
    const { board, rules, nowMs } = this.#around;
    const task = { workflowKey: head.workflowKey, modelsKey: lane.modelsKey };
    const choose = (workers: readonly BoardWorker[], reason: StartReason): Start | null => {
      const worker = chooseWorker(workers, task, rules);
      return worker && { worker, reason };
    };
    if (lane.modelsKey === '') return choose(candidates, 'hot');
    const isOverdue = isPassedTooOften(lane, rules, nowMs);
    const hot = candidates.filter((worker) => worker.modelsKey === lane.modelsKey);
    const cold = this.#listSwitchable(place, candidates);
    const best = choose(listIdle(hot), 'hot') ?? choose(hot, 'hot');
    if (best && !isSwitchSooner(opening, { hot: best.worker, cold }, this.#around)) return best;
    if (cold.length > 0) {
      if (isOverdue || !isWorthWaiting(opening, cold, this.#around))
        return choose(preferSpare(cold, lane.modelsKey, board), 'switch');
      this.#waiting.add(place);
    }
    return best ?? (isOverdue ? choose(candidates, 'overdue') : null);
  }

  /** Workers that may switch models: idle, and no later task of the same rank has its models loaded there. */
  #listSwitchable(place: number, candidates: readonly BoardWorker[]): BoardWorker[] {
    const { head, lane } = this.#at(place);
    return listIdle(candidates).filter(
      (worker) =>
        worker.modelsKey !== lane.modelsKey &&
        !this.#listPlaces(head.rank, worker.modelsKey).some(
          (later) => later > place && this.#at(later).lane.free.has(worker),
        ),
    );
  }

  #listPlaces(rank: number, modelsKey: string | null): readonly number[] {
    if (!this.#places) {
      this.#places = new Map();
      for (const [place, { head, lane }] of this.#open.entries()) {
        const key = `${head.rank} ${lane.modelsKey}`;
        this.#places.set(key, [...(this.#places.get(key) ?? []), place]);
      }
    }
    return (modelsKey !== null && this.#places.get(`${rank} ${modelsKey}`)) || [];
  }

  #at(place: number): Opening {
    const opening = this.#open[place];
    if (!opening) throw new RangeError(`no lane at place ${place}`);
    return opening;
  }
}

interface Start {
  readonly worker: BoardWorker;
  readonly reason: StartReason;
}

function listIdle(workers: readonly BoardWorker[]): BoardWorker[] {
  return workers.filter(({ load }) => load === 0);
}

/** True when a lane was overtaken often enough, or for long enough, to take the next slot. */
export function isPassedTooOften(lane: BoardLane, { bypass }: PlacementRules, nowMs: number): boolean {
  if (lane.overtaken >= bypass.starts) return true;
  return lane.passedSinceMs !== null && nowMs - lane.passedSinceMs >= bypass.ms;
}
