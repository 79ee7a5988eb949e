import type { TaskId } from '@comfleet/contract';
import type { Board } from './board.ts';
import type { BoardLane } from './board-lane.ts';
import type { BoardWorker, PlacedPrompt } from './board-worker.ts';
import { chooseWorker } from './choose-worker.ts';
import type { PlacementRules } from './rules.ts';

/** The first task of a lane, as the queue knows it. */
export interface Head {
  readonly taskId: TaskId;
  readonly lane: string;
  readonly rank: number;
  readonly acceptedSeq: number;
  readonly ownerId: string;
  readonly workflowKey: string;
  /** Tasks in its lane, itself included. */
  readonly laneSize: number;
}

/** Why a worker was chosen: its models were loaded, it loads them now, or the lane had been passed over long enough. */
export type Ground = 'hot' | 'switch' | 'overdue';

export type Decision =
  | { kind: 'start'; head: Head; lane: BoardLane; worker: BoardWorker; ground: Ground; passed: BoardLane[] }
  /** A prompt that only waits on its worker makes room for a task of higher order. */
  | { kind: 'take_back'; head: Head; worker: BoardWorker; prompt: PlacedPrompt; passed: BoardLane[] }
  | { kind: 'none'; passed: BoardLane[] };

/**
 * One decision on a board: the next task to start and where, or what to take back for it, or nothing. Filter: free slots
 * of workers that serve the lane. Order: rank, the client with the fewest prompts, age. Prefer: a worker with the models
 * loaded, then the strategy. Bypass: a slot is kept for a later task of the same rank whose models are loaded there, until
 * the earlier one was passed over too often or too long. Changes nothing: `applyDecision` does.
 */
export function decide(board: Board, heads: readonly Head[], rules: PlacementRules, nowMs: number): Decision {
  const passed: BoardLane[] = [];
  const open: Opening[] = [];
  const shut: Opening[] = [];
  for (const head of heads) {
    const lane = board.findLane(head.lane);
    if (!lane || isTypeFull(board, lane, rules)) continue;
    (lane.free.size > 0 ? open : shut).push({ head, lane });
  }
  sortByOrder(open, board);
  for (const [index, { head, lane }] of open.entries()) {
    const found = findStart({ head, lane, later: open.slice(index + 1) }, { board, rules, nowMs });
    if (found) return { kind: 'start', head, lane, ...found, passed };
    passed.push(lane);
  }
  const back = findTakeBack(shut, board);
  return back ? { kind: 'take_back', ...back, passed } : { kind: 'none', passed };
}

interface Opening {
  readonly head: Head;
  readonly lane: BoardLane;
}

/** Takes a decision over onto the board, as far as it is not about prompts: those the caller reports. */
export function applyDecision(board: Board, decision: Decision, nowMs: number): void {
  const isStart = decision.kind === 'start';
  for (const lane of decision.passed) lane.notePassed(nowMs, isStart && lane.serving.has(decision.worker));
  if (!isStart) return;
  decision.lane.noteStarted(decision.ground === 'hot');
  board.noteChoice(decision.worker, nowMs);
}

/** True when a task type has as many tasks on workers as it may. */
export function isTypeFull(
  board: Board,
  { needs }: BoardLane,
  rules: Pick<PlacementRules, 'typeLimit'>,
): boolean {
  const limit = rules.typeLimit(needs.taskType);
  return limit !== null && board.ofType(needs.taskType) >= limit;
}

/** Across lanes: rank, then the client with the fewest prompts on workers, then age. */
export function compareHeads(a: Head, b: Head, board: Board): number {
  if (a.rank !== b.rank) return b.rank - a.rank;
  if (a.ownerId !== b.ownerId) {
    const difference = board.ownedBy(a.ownerId) - board.ownedBy(b.ownerId);
    if (difference !== 0) return difference;
  }
  return a.acceptedSeq - b.acceptedSeq;
}

function sortByOrder(openings: Opening[], board: Board): void {
  if (openings.length > 1) openings.sort((a, b) => compareHeads(a.head, b.head, board));
}

interface Surroundings {
  readonly board: Board;
  readonly rules: PlacementRules;
  readonly nowMs: number;
}

/** Where the first task of a lane starts now; null when it is passed over. */
function findStart(
  { head, lane, later }: Opening & { later: readonly Opening[] },
  around: Surroundings,
): { worker: BoardWorker; ground: Ground } | null {
  const { board, rules, nowMs } = around;
  const candidates = listCandidates(lane);
  if (candidates.length === 0) return null;
  const task = { workflowKey: head.workflowKey, modelsKey: lane.modelsKey };
  const choose = (workers: Iterable<BoardWorker>) => chooseWorker(workers, task, rules);
  if (lane.modelsKey === '') return withGround(choose(candidates), 'hot');
  const hot = candidates.filter((worker) => worker.modelsKey === lane.modelsKey);
  const isOverdue = isPassedTooOften(lane, rules, nowMs);
  const cold = hot.length === candidates.length ? [] : listSwitchable(candidates, { head, later, board });
  const best = choose(hot.filter((worker) => worker.load === 0)) ?? choose(hot);
  if (best && !isSwitchSooner(best, cold, { head, rules, nowMs })) return withGround(best, 'hot');
  if (cold.length > 0 && (isOverdue || !isWorthWaiting({ head, lane }, cold, around)))
    return withGround(choose(preferSpare(cold, board)), 'switch');
  if (best) return withGround(best, 'hot');
  return isOverdue ? withGround(choose(candidates), 'overdue') : null;
}

function withGround(
  worker: BoardWorker | null,
  ground: Ground,
): { worker: BoardWorker; ground: Ground } | null {
  return worker && { worker, ground };
}

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

/** The bound: overtaken so often, or passed over so long, that the next slot is its own. */
export function isPassedTooOften(lane: BoardLane, { bypass }: PlacementRules, nowMs: number): boolean {
  if (lane.overtaken >= bypass.starts) return true;
  return lane.passedSinceMs !== null && nowMs - lane.passedSinceMs >= bypass.ms;
}

/**
 * Workers that may load other models for the head. None that a later task of the same rank has its models loaded on; and a
 * busy one only before a task of lower rank takes the slot: models are not switched ahead of need.
 */
function listSwitchable(
  candidates: readonly BoardWorker[],
  { head, later, board }: { head: Head; later: readonly Opening[]; board: Board },
): BoardWorker[] {
  const wanted = new Set<BoardWorker>();
  const wantedBelow = new Set<BoardWorker>();
  for (const other of later) {
    const into = other.head.rank < head.rank ? wantedBelow : wanted;
    const hot = other.lane.modelsKey === '' ? other.lane.free : board.withModels(other.lane.modelsKey);
    if (other.lane.modelsKey === '' && into === wanted) continue;
    for (const worker of hot) if (other.lane.free.has(worker)) into.add(worker);
  }
  return candidates.filter((worker) => !wanted.has(worker) && (worker.load === 0 || wantedBelow.has(worker)));
}

/** Among workers to switch: first those with nothing loaded, then those whose models others have loaded too. */
function preferSpare(workers: readonly BoardWorker[], board: Board): readonly BoardWorker[] {
  const fresh = workers.filter((worker) => worker.modelsKey === null);
  if (fresh.length > 0) return fresh;
  const spare = workers.filter((worker) => board.withModels(worker.modelsKey ?? '').size > 1);
  return spare.length > 0 ? spare : workers;
}

/** So many workers are compared by what was measured of them; more change nothing. */
const COMPARED = 8;

/** Where nothing was measured, a run and a load of models count alike. */
const UNIT_MS = 1000;

/** Whether loading the models on an idle worker brings the task to its start before the hot worker has done what it has. */
function isSwitchSooner(
  hot: BoardWorker,
  cold: readonly BoardWorker[],
  { head, rules, nowMs }: { head: Head; rules: PlacementRules; nowMs: number },
): boolean {
  const [other] = cold;
  if (!other || hot.load === 0) return false;
  return expectedLoadMs(head, other, rules) < expectedWaitMs(hot, rules, nowMs);
}

/**
 * Whether a lane does better to wait for the workers that have its models: only where runs and loads were measured, and
 * these workers are done with the whole lane before another one has loaded the models.
 */
function isWorthWaiting(
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
  const drainMs = (waitMs + (runsMs / hotWorkers) * head.laneSize) / hotWorkers;
  return cold.slice(0, COMPARED).every(({ facts }) => {
    const loadMs = rules.durations.expectedLoadMs(head.workflowKey, facts.id);
    return loadMs !== null && loadMs > drainMs;
  });
}

function expectedLoadMs(head: Head, worker: BoardWorker, { durations }: PlacementRules): number {
  return (
    durations.expectedLoadMs(head.workflowKey, worker.facts.id) ??
    runMsOr(head.workflowKey, worker, durations)
  );
}

function runMsOr(workflowKey: string, worker: BoardWorker, durations: PlacementRules['durations']): number {
  return durations.expectedMs(workflowKey, worker.facts.id) ?? UNIT_MS;
}

/** Until a worker has done what it has: half a run for one that runs, or what is left of it where that is known. */
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

/** So many waiting tasks are looked at, from the first: taking back is for those who would be next. */
const TAKE_BACK_HEADS = 3;

function findTakeBack(
  shut: Opening[],
  board: Board,
): { head: Head; worker: BoardWorker; prompt: PlacedPrompt } | null {
  if (shut.length === 0) return null;
  sortByOrder(shut, board);
  for (const { head, lane } of shut.slice(0, TAKE_BACK_HEADS)) {
    if (!board.somePrefetched((prompt) => isBefore(head, prompt, board))) continue;
    let found: { worker: BoardWorker; prompt: PlacedPrompt } | null = null;
    for (const worker of lane.serving) {
      const prompt = findPrefetched(worker, { head, lane, board });
      if (prompt && (!found || prompt.rank < found.prompt.rank)) found = { worker, prompt };
    }
    if (found) return { head, ...found };
  }
  return null;
}

/**
 * The last prompt that only waits on this worker, when the head comes before it and would take its slot. One is taken back
 * at a time; within a rank only for a task whose models the worker then has.
 */
function findPrefetched(
  worker: BoardWorker,
  { head, lane, board }: Opening & { board: Board },
): PlacedPrompt | null {
  if (worker.facts.state !== 'online' || worker.standsBack) return null;
  const prompts = [...worker.prompts.values()];
  if (prompts.some(({ phase }) => phase === 'leaving')) return null;
  const last = prompts.pop();
  if (last?.phase !== 'waiting' || !isBefore(head, last, board)) return null;
  const keyWithout = prompts.findLast(({ modelsKey }) => modelsKey !== '')?.modelsKey;
  const isHot = lane.modelsKey === '' || lane.modelsKey === keyWithout;
  return head.rank > last.rank || isHot ? last : null;
}

/**
 * Higher rank; or the same rank and a client that stays behind even after the exchange, so that two clients do not take the
 * slot from each other in turn.
 */
export function isBefore(
  head: Pick<Head, 'rank' | 'ownerId' | 'lane'>,
  prompt: PlacedPrompt,
  board: Board,
): boolean {
  if (head.rank !== prompt.rank) return head.rank > prompt.rank;
  // In one lane fair tags decide: put back, the prompt's task would stand before the head again.
  if (head.ownerId === prompt.ownerId || head.lane === prompt.lane) return false;
  return board.ownedBy(prompt.ownerId) - board.ownedBy(head.ownerId) >= 2;
}
