import type { InstanceTables } from '../fleet/instances/instance-tables.ts';
import type { WorkerTables } from '../fleet/workers/worker-tables.ts';
import type { AssetTables } from '../flow/assets/asset-tables.ts';
import type { RollupTables } from '../flow/performance/rollup-tables.ts';
import type { TaskTables } from '../flow/tasks/task-tables.ts';
import type { WorkflowTables } from '../flow/workflows/workflow-tables.ts';
import type { AuditTables } from '../people/audit/audit-tables.ts';
import type { ProjectTables } from '../people/projects/project-tables.ts';
import type { QuotaRow } from '../people/quotas/quota-tables.ts';
import type { OverlayTables } from '../platform/config/overlay-tables.ts';

/** Every table of the product; each area declares its own. */
export interface Tables
  extends AssetTables,
    AuditTables,
    InstanceTables,
    OverlayTables,
    ProjectTables,
    RollupTables,
    TaskTables,
    WorkerTables,
    WorkflowTables {
  quota: QuotaRow;
}
