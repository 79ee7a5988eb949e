import type { IndexSpec } from '../table-spec.ts';

/** Waiting tasks are read by creation time, page by page: without this index each page would sort all of them. */
export const indexes: readonly IndexSpec[] = [{ table: 'task', columns: ['state', 'id'] }];
