import type { TableSpec } from '../table-spec.ts';

/** Settings changed at run time, which override those of the file, with who and when (design: configuration). */
export const tables: readonly TableSpec[] = [
  {
    name: 'overlay',
    columns: { name: 'word', value: 'json', principal_id: 'id', changed_at: 'time' },
    primary: ['name'],
  },
];
