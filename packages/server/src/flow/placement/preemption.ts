import type { BoardWorker, PlacedPrompt } from './board-worker.ts';
import { compareOpenings, type Head, type Opening } from './opening.ts';
import type { PlacementBoard } from './placement-board.ts';

export interface Preemption {
  readonly head: Head;
  readonly worker: BoardWorker;
  readonly prompt: PlacedPrompt;
}

/** How many waiting tasks are looked at, from the first: only those that would be next preempt. */
const HEADS = 3;

/**
 * A prompt that only waits on its worker and makes room for the first task of a lane without a free slot. First where the
 * worker then has the task's models; elsewhere only for a task of higher rank.
 */
export function findPreemption(shut: readonly Opening[], board: PlacementBoard): Preemption | null {
  for (const { head, lane } of listFirst(shut, HEADS)) {
    const find = (
      workers: Iterable<BoardWorker>,
      fits: (prompt: PlacedPrompt) => boolean,
    ): Preemption | null => {
      let found: Preemption | null = null;
      for (const worker of workers) {
        const prompt = worker.prefetched?.prompt;
        if (!prompt || !isOpen(worker) || !lane.serving.has(worker) || !fits(prompt)) continue;
        if (!found || prompt.rank < found.prompt.rank) found = { head, worker, prompt };
      }
      return found;
    };
    const found =
      find(board.prefetched.withModels(lane.modelsKey), (prompt) => isBefore(head, prompt, board)) ??
      find(board.prefetched.ofLowerRank(head.rank), (prompt) => !isElder(prompt, head));
    if (found) return found;
  }
  return null;
}

/** The first few in order, without sorting the rest. */
function listFirst(shut: readonly Opening[], count: number): Opening[] {
  const first: Opening[] = [];
  for (const opening of shut) {
    const place = first.findIndex((other) => compareOpenings(opening, other) < 0);
    if (place >= 0) first.splice(place, 0, opening);
    else if (first.length < count) first.push(opening);
    if (first.length > count) first.pop();
  }
  return first;
}

function isOpen({ facts, standsBack }: BoardWorker): boolean {
  return facts.state === 'online' && !standsBack;
}

/** A prompt of an older task that only stayed behind because a rank rises in a lane, not on a worker: it goes first. */
function isElder(prompt: PlacedPrompt, head: Head): boolean {
  return prompt.acceptedSeq < head.acceptedSeq && prompt.rank >= head.priority;
}

/**
 * Higher rank; or the same rank and a client that stays behind even after the exchange, so that two clients do not take the
 * slot from each other in turn.
 */
function isBefore(head: Head, prompt: PlacedPrompt, board: PlacementBoard): boolean {
  if (head.rank !== prompt.rank) return head.rank > prompt.rank && !isElder(prompt, head);
  // In one lane fair tags decide: put back, the prompt's task would stand before the head again.
  if (head.ownerId === prompt.ownerId || head.lane === prompt.lane) return false;
  return board.ownedBy(prompt.ownerId) - board.ownedBy(head.ownerId) >= 2;
}
