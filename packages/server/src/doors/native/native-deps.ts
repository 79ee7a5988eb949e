import type { AssetCalls } from '../../flow/calls/assets/asset-calls.ts';
import type { BatchCalls } from '../../flow/calls/batches/batch-calls.ts';
import type { PerformanceCalls } from '../../flow/calls/performance/performance-calls.ts';
import type { Balancing } from '../../flow/calls/placement/balancing.ts';
import type { StatisticsCalls } from '../../flow/calls/statistics/statistics-calls.ts';
import type { TaskCalls } from '../../flow/calls/tasks/task-calls.ts';
import type { WorkflowCalls } from '../../flow/calls/workflows/workflow-calls.ts';
import type { AuditLog } from '../../people/audit/audit-log.ts';
import type { createAuditedPeople } from '../../people/audit/audited-people.ts';
import type { Identity } from '../../people/identity/identity.ts';
import type { OidcSignIn } from '../../people/oidc/oidc-sign-in.ts';
import type { PolicyCalls } from '../../people/policies/policy-calls.ts';
import type { QuotaCalls } from '../../people/quotas/quota-calls.ts';
import type { RunTimeSettings } from '../../platform/config/run-time-settings.ts';
import type { SignedLinks } from '../../platform/http/signed-links.ts';
import type { StreamSlots } from '../../platform/http/stream-slots.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import type { Clock } from '../../platform/time/clock.ts';
import type { DoorsConfigStore } from '../doors-config.ts';
import type { FleetView } from '../fleet-view.ts';
import type { RequestLimits } from '../request-limits.ts';

/** Dependencies of the native door. */
export interface NativeDeps {
  tasks: TaskCalls;
  batches: BatchCalls;
  assets: AssetCalls;
  workflows: WorkflowCalls;
  statistics: StatisticsCalls;
  performance: PerformanceCalls;
  fleet: FleetView;
  settings: RunTimeSettings;
  balancing: Pick<Balancing, 'state' | 'change'>;
  identity: Identity;
  audit: AuditLog;
  quotas: QuotaCalls;
  auditedPeople: ReturnType<typeof createAuditedPeople>;
  /** Null if sign-in through an OpenID provider is not configured. */
  oidc: OidcSignIn | null;
  policies: PolicyCalls;
  version: string;
  config: DoorsConfigStore;
  links: SignedLinks;
  slots: StreamSlots;
  limits: RequestLimits;
  /** Addresses of the pages for a browser that reached the server at `address`; `public_url` or `address` comes first. */
  pageAddresses: (address: string) => readonly string[];
  clock: Clock;
  logger: Logger;
  /** Ends every open stream when the server stops. */
  signal: AbortSignal;
}
