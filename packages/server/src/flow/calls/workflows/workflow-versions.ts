import type { Database, Write } from '../../../platform/database/database.ts';
import { hashGraph, writeGraph } from '../../tasks/graph-texts.ts';
import type { WorkflowDefinition } from '../../workflows/workflow-definition.ts';
import type { WorkflowTables } from '../../workflows/workflow-tables.ts';

/**
 * Stores each version of a workflow once, with its graph, so that tasks that pin it by id can still read it after the file has
 * changed. A version is immutable; a stored one is not written again.
 */
export async function storeWorkflowVersions(
  database: Database<WorkflowTables>,
  definitions: readonly WorkflowDefinition[],
): Promise<void> {
  const known = await database.read(database.k.selectFrom('workflow_version').select('id').limit(10_000));
  const ids = new Set(known.map((version) => version.id));
  for (const definition of definitions.filter(({ versionId }) => !ids.has(versionId))) {
    // Refused as a duplicate if another process stored it first: the same content under the same id.
    await database.commit(writeVersion(database, definition));
  }
}

function writeVersion(database: Database<WorkflowTables>, definition: WorkflowDefinition): Write[] {
  const { graph: _graph, graphText, ...described } = definition;
  const atMs = database.nowMs();
  const graphHash = hashGraph(graphText);
  const query = database.k.insertInto('workflow_version').values({
    id: definition.versionId,
    name: definition.name,
    task_type: definition.taskType,
    version: definition.version,
    definition: JSON.stringify(described),
    graph_hash: graphHash,
    created_at: atMs,
  });
  return [writeGraph(database, { hash: graphHash, text: graphText, atMs }), { query }];
}
