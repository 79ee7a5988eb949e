import type { RunEstimates } from '../estimates/run-estimates.ts';
import type { LiveUpdateHub } from '../events/live-updates.ts';
import type { RetryBudget } from '../execution/retry-budget.ts';
import type { OnCommitted } from '../tasks/task-journal.ts';
import type { TaskTallies } from './task-tallies.ts';

export interface AnnounceDeps {
  live: LiveUpdateHub;
  estimates: RunEstimates;
  retries: RetryBudget;
  tallies: TaskTallies;
}

/** Applies stored changes to the state in memory, then publishes them: watchers come last. */
export function announceChanges({ live, estimates, retries, tallies }: AnnounceDeps): OnCommitted {
  return (changes) => {
    for (const { row, event } of changes) {
      tallies.record(row);
      estimates.record(row, event, row.state === 'succeeded' ? live.progressOf(row.id) : null);
      if (row.ended_at !== null) retries.remove(row.id);
      live.reportEvent(row, event);
    }
  };
}
