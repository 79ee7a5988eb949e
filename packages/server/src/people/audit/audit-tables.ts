import type {
  AuditAction,
  AuditObjectKind,
  AuditOutcome,
  PrincipalId,
  PrincipalKind,
} from '@comfleet/contract';

/** An entry of the audit log; never updated. */
export interface AuditRow {
  id: string;
  at: number;
  action: AuditAction;
  outcome: AuditOutcome;
  code: string | null;
  actor_id: PrincipalId | null;
  actor_kind: PrincipalKind | null;
  /** As it was then. */
  actor_name: string | null;
  object_kind: AuditObjectKind | null;
  object_id: string | null;
  object_name: string | null;
  /** JSON of the changed fields. */
  state_before: string | null;
  state_after: string | null;
  door: string;
  /** Method and route pattern. */
  route: string | null;
  address: string | null;
  user_agent: string | null;
  request_id: string | null;
  left_out: number;
}

export interface AuditTables {
  audit: AuditRow;
}
