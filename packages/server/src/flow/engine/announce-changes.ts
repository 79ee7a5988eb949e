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

/** What memory and watchers learn of a change once it is stored; watchers last, when everything else knows. */
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
