import type { IndexSpec } from '../table-spec.ts';

/** What waits is read in order of its birth, a page at a time: without this each page would sort all that waits. */
export const indexes: readonly IndexSpec[] = [{ table: 'task', columns: ['state', 'id'] }];
