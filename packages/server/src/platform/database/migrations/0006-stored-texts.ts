import type { TableRename } from '../table-spec.ts';

/** In addition to graphs, the table has always held the object_info of workers. */
export const renames: readonly TableRename[] = [{ from: 'graph', to: 'stored_text' }];
