import type { PlacedPrompt } from './board-worker.ts';
import type { PlacementBoard } from './placement-board.ts';
import type { PlacementRules } from './rules.ts';

/** Which limit of tasks on workers is reached. */
export type FullLimit = 'task_type' | 'owner' | 'project';

/** What limits count by. */
export type Limited = Pick<PlacedPrompt, 'ownerId' | 'projectId'>;

/** Finds the limit that keeps a task off the workers; null when it may start. Pure. */
export function findFull(
  board: PlacementBoard,
  { ownerId, projectId }: Limited,
  { running }: Pick<PlacementRules, 'running'>,
): 'owner' | 'project' | null {
  if (isReached(running.ofOwner(ownerId), () => board.ownedBy(ownerId))) return 'owner';
  if (projectId === null) return null;
  return isReached(running.ofProject(projectId), () => board.ofProject(projectId)) ? 'project' : null;
}

/** True when a task type has reached its limit of tasks on workers. */
export function isTypeFull(
  board: PlacementBoard,
  taskType: string,
  { typeLimit }: Pick<PlacementRules, 'typeLimit'>,
): boolean {
  return isReached(typeLimit(taskType), () => board.ofType(taskType));
}

function isReached(limit: number | null, count: () => number): boolean {
  return limit !== null && count() >= limit;
}
