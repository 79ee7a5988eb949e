import type { PrincipalId, ProjectId } from '@comfleet/contract';
import type { IdentityTables } from '../identity/identity-tables.ts';

export interface ProjectRow {
  id: ProjectId;
  owner_id: PrincipalId;
  name: string;
  description: string | null;
  created_at: number;
}

/** A member besides the owner. */
export interface ProjectMemberRow {
  project_id: ProjectId;
  principal_id: PrincipalId;
  /** `editor` or `viewer`; any other word counts as viewer. */
  role: string;
  added_at: number;
}

/** Tables of projects, and of the principals who own them or are their members. */
export interface ProjectTables extends IdentityTables {
  project: ProjectRow;
  project_member: ProjectMemberRow;
}
