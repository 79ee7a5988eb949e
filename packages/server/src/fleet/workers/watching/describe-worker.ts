import type { ComfySocket } from '@comfleet/comfyui';
import { plainText, type WorkerId } from '@comfleet/contract';
import type { FleetText } from '@comfleet/contract/texts/fleet';
import { type AdminOverrides, deriveState, type FleetState, type HealthKind } from '../admin-overrides.ts';
import type { HealthTracker } from '../health/health-tracker.ts';
import { isPortClosed, type WorkerCondition } from '../health/worker-condition.ts';
import { type Inventory, readVramFree } from '../inventory/inventory.ts';
import { summarizeAccess } from '../worker-access.ts';
import type { WorkerSnapshot } from '../worker-snapshot.ts';
import type { CompiledWorkerSpec } from '../worker-spec.ts';

/** Everything known about a worker, by source. */
export interface WorkerFacts {
  id: WorkerId;
  /** The spec with the admin's overrides. */
  spec: CompiledWorkerSpec;
  overrides: AdminOverrides;
  health: Pick<HealthTracker, 'condition' | 'countSlots' | 'describeRecovery'>;
  inventory: Inventory | null;
  /** Devices by the last good check; null before the first one. */
  devices: readonly Record<string, unknown>[] | null;
  lastSeenMs: number | null;
  socket: Pick<ComfySocket, 'state'>;
  twin: TwinFacts;
}

/** What is known about other addresses of the same ComfyUI. */
export interface TwinFacts {
  /** Name of the worker that is used instead. */
  sameAs: string | null;
  /** True while it is being compared with workers that look alike. */
  isUndecided: boolean;
}

export type StateFacts = Pick<WorkerFacts, 'spec' | 'overrides' | 'twin'> & { condition: WorkerCondition };

/** Derives health, and the state by health and by decisions of admins. */
export function describeState({ condition, spec, overrides, twin }: StateFacts): {
  health: HealthKind;
  state: FleetState;
  reason: FleetText | null;
} {
  const { health } = condition;
  const kind = health.kind === 'ejected' ? 'offline' : health.kind;
  const checked = { health: kind, reason: readReason(health), sameAs: twin.sameAs };
  return {
    health: kind,
    ...deriveState(checked, { ...overrides, enabled: isEnabled({ spec, overrides }) }),
  };
}

/** How many prompts it may have now; none unless it is in service. */
export function findFreeSlots({
  spec,
  overrides,
  health,
  twin,
}: Pick<WorkerFacts, 'spec' | 'overrides' | 'health' | 'twin'>): number {
  const { state } = describeState({ condition: health.condition, spec, overrides, twin });
  return state === 'online' && !twin.isUndecided ? health.countSlots(spec.maxConcurrent) : 0;
}

/** Creates the copy that placement and pages see. */
export function toWorkerSnapshot(facts: WorkerFacts): WorkerSnapshot {
  const { marker: _, auth, headers, tls, ...spec } = facts.spec;
  const { overrides, health, inventory } = facts;
  const devices = facts.devices ?? inventory?.devices ?? [];
  return {
    id: facts.id,
    ...spec,
    access: summarizeAccess({ auth, headers, tls }),
    ...describeState({ condition: health.condition, ...facts }),
    isPortClosed: isPortClosed(health.condition),
    slots: findFreeSlots(facts),
    enabled: isEnabled(facts),
    leaving: overrides.leaving !== null,
    draining: overrides.draining || overrides.leaving !== null || facts.twin.sameAs !== null,
    inventory,
    simulated: spec.source === 'simulated',
    lastSeenMs: facts.lastSeenMs,
    latencyMs: health.condition.latency?.ms ?? null,
    devices,
    vramFreeBytes: readVramFree(devices),
    recovery: health.describeRecovery(),
    socketState: toSocketState(facts.socket),
    maxUploadBytes: inventory?.maxUploadBytes ?? null,
  };
}

function readReason(health: WorkerCondition['health']): FleetText | null {
  if (health.kind === 'unknown') return plainText('worker.not_asked');
  return 'reason' in health ? health.reason : null;
}

function isEnabled({ spec, overrides }: Pick<WorkerFacts, 'spec' | 'overrides'>): boolean {
  return overrides.enabled ?? spec.enabled;
}

function toSocketState(socket: Pick<ComfySocket, 'state'>): WorkerSnapshot['socketState'] {
  const { phase } = socket.state;
  if (phase === 'open') return 'connected';
  return phase === 'stopped' || phase === 'idle' ? 'closed' : 'connecting';
}
