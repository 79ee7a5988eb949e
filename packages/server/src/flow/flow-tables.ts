import type { WorkerTables } from '../fleet/workers/worker-tables.ts';
import type { AssetTables } from './assets/asset-tables.ts';
import type { RollupTables } from './performance/rollup-tables.ts';
import type { TaskTables } from './tasks/task-tables.ts';
import type { WorkflowTables } from './workflows/workflow-tables.ts';

/** Every table that the flow asks or changes; a stage names its own. */
export interface FlowTables extends AssetTables, RollupTables, TaskTables, WorkerTables, WorkflowTables {}
