import type { SchemaConnection } from '../migrate.ts';
import { createQueryBuilder } from '../query-builder.ts';
import type { TableSpec } from '../table-spec.ts';

/** The uploads that a task uses as inputs, so that an index finds uploads in use. */
export const tables: readonly TableSpec[] = [
  {
    name: 'task_input',
    columns: { task_id: 'id', asset_id: 'id' },
    primary: ['task_id', 'asset_id'],
    indexes: [{ columns: ['asset_id'] }],
  },
];

type FilledTables = {
  task: { id: string; state: string; requirements: string };
  task_input: { task_id: string; asset_id: string };
};

const PAGE = 500;

/** Adds rows for tasks that have not ended; their inputs were only in a JSON column. Safe to repeat. */
export async function fill(connection: SchemaConnection): Promise<void> {
  const k = createQueryBuilder(connection.driver).withTables<FilledTables>();
  const run = (query: { sql: string; parameters: readonly unknown[] }) =>
    connection.run(query.sql, query.parameters);
  for (let after = ''; ; ) {
    const tasks = await run(
      k
        .selectFrom('task')
        .select(['id', 'requirements'])
        .where('state', 'in', ['held', 'queued', 'running'])
        .where('id', '>', after)
        .orderBy('id')
        .limit(PAGE)
        .compile(),
    );
    for (const task of tasks) {
      const taskId = String(task['id']);
      const assetIds = listAssetIds(String(task['requirements']));
      await run(k.deleteFrom('task_input').where('task_id', '=', taskId).compile());
      for (const assetId of assetIds)
        await run(k.insertInto('task_input').values({ task_id: taskId, asset_id: assetId }).compile());
      after = taskId;
    }
    if (tasks.length < PAGE) return;
  }
}

function listAssetIds(requirements: string): Set<string> {
  const { inputs = [] } = JSON.parse(requirements) as { inputs?: { assetId: string }[] };
  return new Set(inputs.map(({ assetId }) => assetId));
}
