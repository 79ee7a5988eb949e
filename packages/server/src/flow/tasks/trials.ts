import type { TaskRow } from './task-tables.ts';

/** The door under which trials of the fleet are stored. */
export const TRIAL_DOOR = 'trial';

/** Whether a task only tries the fleet out, as `comfleet verify` does: it is in no list, no stream but its own, and no folder. */
export function isTrial({ door }: Pick<TaskRow, 'door'>): boolean {
  return door === TRIAL_DOOR;
}
