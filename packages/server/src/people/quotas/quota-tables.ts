import type { AssetId, PrincipalId, ProjectId, QuotaSubject, TaskId, TaskState } from '@comfleet/contract';
import type { ProjectTables } from '../projects/project-tables.ts';

/** Limits of one subject that differ from the configured ones. */
export interface QuotaRow {
  subject_id: string;
  subject_kind: QuotaSubject;
  /** JSON of some limits. */
  limits: string;
  changed_at: number;
  changed_by: PrincipalId;
}

/** The tables of quotas, and the columns of flow's tables that are counted. */
export interface QuotaTables extends ProjectTables {
  quota: QuotaRow;
  task: {
    id: TaskId;
    owner_id: PrincipalId;
    project_id: ProjectId | null;
    state: TaskState;
    created_at: number;
  };
  asset: {
    id: AssetId;
    owner_id: PrincipalId;
    project_id: ProjectId | null;
    kind: string;
    size_bytes: number;
    created_at: number;
    deleted_at: number | null;
  };
}
