import type { BoardWorker, PlacedPrompt } from './board-worker.ts';
import { compareOpenings, type Head, type Opening } from './opening.ts';
import type { PlacementBoard } from './placement-board.ts';

export interface Preemption {
  readonly head: Head;
  readonly worker: BoardWorker;
  readonly prompt: PlacedPrompt;
}

/** How many waiting tasks are considered, from the first: only tasks that would start next preempt. */
const HEADS = 3;

/**
 * Finds a prompt that only waits on its worker and can make room for the first task of a lane without a free slot. Workers that
 * would then have the task's models come first; on others only a task of higher rank preempts.
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

/** True for a prompt of an older task that is behind only because ranks rise in lanes, not on workers: it keeps its slot. */
function isElder(prompt: PlacedPrompt, head: Head): boolean {
  return prompt.acceptedSeq < head.acceptedSeq && prompt.rank >= head.priority;
}

/**
 * True for a higher rank; or for the same rank if the client has fewer prompts even after the exchange, so that two clients do
 * not keep preempting each other.
 */
function isBefore(head: Head, prompt: PlacedPrompt, board: PlacementBoard): boolean {
  if (head.rank !== prompt.rank) return head.rank > prompt.rank && !isElder(prompt, head);
  // Within a lane fair tags decide: once requeued, the prompt's task would be before the head again.
  if (head.ownerId === prompt.ownerId || head.lane === prompt.lane) return false;
  return board.ownedBy(prompt.ownerId) - board.ownedBy(head.ownerId) >= 2;
}
