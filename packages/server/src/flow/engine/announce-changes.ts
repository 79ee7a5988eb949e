import type { TaskId } from '@comfleet/contract';
import type { RunEstimates } from '../estimates/run-estimates.ts';
import type { EventHub } from '../events/event-hub.ts';
import type { PreviewThrottle } from '../events/preview-throttle.ts';
import type { ProgressBoard } from '../events/progress-board.ts';
import type { RetryBudget } from '../execution/retry-budget.ts';
import type { OnCommitted } from '../tasks/task-journal.ts';

export interface AnnounceDeps {
  hub: EventHub;
  board: ProgressBoard;
  previews: PreviewThrottle;
  estimates: RunEstimates;
  retries: RetryBudget;
  /** Ids of held tasks, kept up here. */
  held: Set<string>;
  /** Tasks that ended, by their end, counted here. */
  finished: Record<string, number>;
}

/** What memory and watchers learn of a change once it is stored. */
export function announceChanges(deps: AnnounceDeps): OnCommitted {
  const { hub, board, previews, estimates, retries, held, finished } = deps;
  return (changes) => {
    for (const { row, event } of changes) {
      if (row.state === 'held') held.add(row.id);
      else held.delete(row.id);
      const progress = row.state === 'succeeded' ? board.find(row.id) : null;
      estimates.note(row, event, progress);
      if (row.ended_at !== null) {
        board.forget(row.id);
        previews.forget(row.id);
        retries.remove(row.id);
        finished[row.state] = (finished[row.state] ?? 0) + 1;
      }
      const address = { taskId: row.id as TaskId, ownerId: row.owner_id, batchId: row.batch_id };
      // Whole only now that the result is stored.
      if (progress) hub.publish({ kind: 'progress', ...address, progress: { ...progress, value: 1 } });
      hub.publish({ kind: 'event', ...address, event });
    }
  };
}
