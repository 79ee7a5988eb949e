import type { Placement, Text } from '@comfleet/contract';

/** What keeps a task from going on, beside its turn: texts of the server, and since when it is so. */
export interface Obstacle {
  readonly texts: readonly Text[];
  readonly since: string | null;
}

/** A worker that says this will take the task by itself, sooner or later. */
const TURNS: ReadonlySet<string | null> = new Set([null, 'full', 'cold', 'backup', 'choice']);

/**
 * Why a task cannot go on by itself: no worker could take it even at its turn, or the one that runs it is in trouble. Null when
 * only its turn is missing. A single worker in trouble says what is wrong and what to do; several are counted by their reasons.
 */
export function findObstacle({ waiting, placed, message_texts: texts }: Placement): Obstacle | null {
  if (waiting === null) return placed?.trouble ?? null;
  if (waiting.workers.some(({ reason }) => TURNS.has(reason))) return null;
  const candidates = waiting.workers.filter(({ missing }) => missing === null);
  const [only] = candidates;
  if (candidates.length === 1 && only?.trouble) return only.trouble;
  return { texts: texts?.slice(1) ?? [], since: null };
}
