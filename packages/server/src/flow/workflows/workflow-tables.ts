import type { StoredTextTables } from '../../platform/database/stored-text-tables.ts';

export interface WorkflowVersionRow {
  /** blake3 of the canonical definition. */
  id: string;
  name: string;
  task_type: string;
  version: string;
  /** JSON of the whole definition, parameters included. */
  definition: string;
  graph_hash: string;
  created_at: number;
}

/** The records of workflow definitions, one per version. */
export interface WorkflowTables extends StoredTextTables {
  workflow_version: WorkflowVersionRow;
}
