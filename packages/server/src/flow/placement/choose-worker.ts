import type { BoardWorker } from './board-worker.ts';
import type { Durations, PlacementRules, Strategy } from './rules.ts';

/** The task that a worker is chosen for. */
export interface Chosen {
  readonly workflowKey: string;
  readonly modelsKey: string;
}

/** Score of a worker: smaller is better, compared element by element. */
type Score = readonly number[];

/**
 * Chooses among workers that may all run a task and suit its models equally. Returns null when there is none. `weighted` and
 * `random` draw; other strategies take the best score and break ties by id, so that the input order does not matter.
 */
export function chooseWorker(
  candidates: Iterable<BoardWorker>,
  task: Chosen,
  rules: Pick<PlacementRules, 'strategy' | 'random' | 'durations'>,
): BoardWorker | null {
  if (rules.strategy === 'random') return draw(candidates, () => 1, rules.random);
  if (rules.strategy === 'weighted') return draw(candidates, weigh, rules.random);
  let best: BoardWorker | null = null;
  let bestScore: Score = [];
  for (const worker of candidates) {
    const score = scoreWorker(worker, task, rules);
    if (best && compareScores(score, bestScore) >= 0) {
      if (compareScores(score, bestScore) > 0 || worker.facts.id > best.facts.id) continue;
    }
    best = worker;
    bestScore = score;
  }
  return best;
}

/** Scores a worker by the strategy; explanations of placements show the score. */
export function scoreWorker(
  worker: BoardWorker,
  task: Chosen,
  { strategy, durations }: { strategy: Strategy; durations: Durations },
): Score {
  switch (strategy) {
    case 'least_loaded':
      return [worker.share];
    case 'round_robin':
      return [worker.lastChoice];
    case 'priority_based':
      return [-worker.facts.priority, worker.share];
    case 'fastest':
      return [expectedFinishMs(worker, task, durations) ?? -1, worker.share];
    case 'weighted':
      return [-weigh(worker)];
    case 'random':
      return [0];
    default: {
      const unknownStrategy: never = strategy;
      return unknownStrategy;
    }
  }
}

/**
 * Ms until a task sent now would be done: the worker's prompts, the load of missing models, and the run. Null when the worker
 * never ran this workflow; such a worker is tried first, so that it gets measured.
 */
export function expectedFinishMs(worker: BoardWorker, task: Chosen, durations: Durations): number | null {
  const own = durations.expectedMs(task.workflowKey, worker.facts.id);
  if (own === null) return null;
  const isHot = task.modelsKey === '' || worker.modelsKey === task.modelsKey;
  const loadMs = isHot ? 0 : (durations.expectedLoadMs(task.workflowKey, worker.facts.id) ?? 0);
  let aheadMs = 0;
  for (const prompt of worker.prompts.values())
    aheadMs += durations.expectedMs(prompt.workflowKey, worker.facts.id) ?? own;
  return aheadMs + loadMs + own;
}

/** The chance grows with weight and priority, and shrinks with the share of used slots (LB4). */
function weigh(worker: BoardWorker): number {
  return worker.facts.weight * worker.facts.priority * Math.max(0.1, 1 - worker.share);
}

function draw(
  candidates: Iterable<BoardWorker>,
  weightOf: (worker: BoardWorker) => number,
  random: () => number,
): BoardWorker | null {
  const workers = [...candidates].sort((a, b) => (a.facts.id < b.facts.id ? -1 : 1));
  const total = workers.reduce((sum, worker) => sum + weightOf(worker), 0);
  let left = random() * total;
  for (const worker of workers) {
    left -= weightOf(worker);
    if (left < 0) return worker;
  }
  return workers.at(-1) ?? null;
}

function compareScores(a: Score, b: Score): number {
  for (const [place, value] of a.entries()) {
    const difference = value - (b[place] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
