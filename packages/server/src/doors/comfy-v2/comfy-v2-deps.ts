import type { AssetCalls } from '../../flow/calls/assets/asset-calls.ts';
import type { TaskCalls } from '../../flow/calls/tasks/task-calls.ts';
import type { AuditLog } from '../../people/audit/audit-log.ts';
import type { Identity } from '../../people/identity/identity.ts';
import type { SignedLinks } from '../../platform/http/signed-links.ts';
import type { StreamSlots } from '../../platform/http/stream-slots.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import type { Clock } from '../../platform/time/clock.ts';
import type { AuditedObjects } from '../audited-objects.ts';
import type { DoorsConfigStore } from '../doors-config.ts';

/** Dependencies of the Comfy API v2 door. */
export interface ComfyV2Deps {
  tasks: TaskCalls;
  assets: AssetCalls;
  identity: Identity;
  audit: AuditLog;
  objects: AuditedObjects;
  config: Pick<DoorsConfigStore, 'current'>;
  links: SignedLinks;
  slots: StreamSlots;
  clock: Clock;
  logger: Logger;
  /** Ends every open stream when the server stops. */
  signal: AbortSignal;
}
