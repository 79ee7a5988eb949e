import type { SchemaConnection } from '../migrate.ts';
import { createQueryBuilder } from '../query-builder.ts';
import type { TableSpec } from '../table-spec.ts';

/** Every change of a setting at run time. */
export const tables: readonly TableSpec[] = [
  {
    name: 'overlay_history',
    columns: {
      ...{ number: 'int', name: 'word', value_before: 'json', value_after: 'json', is_reset: 'int' },
      ...{ principal_id: 'id', changed_at: 'time' },
    },
    primary: ['number'],
    indexes: [{ columns: ['name', 'number'] }],
  },
];

type Renamed = { overlay: { name: string } };

/** The strategy gets its key in the file as its name. Safe to repeat. */
export async function fill(connection: SchemaConnection): Promise<void> {
  const k = createQueryBuilder(connection.driver).withTables<Renamed>();
  const { sql, parameters } = k
    .updateTable('overlay')
    .set({ name: 'nodes.load_balancing.strategy' })
    .where('name', '=', 'placement.strategy')
    .compile();
  await connection.run(sql, parameters);
}
