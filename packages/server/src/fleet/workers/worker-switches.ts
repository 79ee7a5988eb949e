import type { FleetState, HealthKind } from './worker-snapshot.ts';

/** A worker on its way out of the fleet: it takes nothing new and goes once it is idle and the time has come. */
export interface Leaving {
  readonly reason: string;
  /** Epoch ms; before it the worker stays even when idle, and may come back. */
  readonly notBeforeMs: number;
}

/** What people and owners decided about a worker at run time. Kept across restarts. */
export interface WorkerSwitches {
  /** Takes nothing new, what it has finishes. */
  readonly draining: boolean;
  /** The same for longer: does not become offline meanwhile. */
  readonly maintenance: boolean;
  /** Null: what the spec says. */
  readonly enabled: boolean | null;
  readonly leaving: Leaving | null;
}

export const NO_SWITCHES: WorkerSwitches = {
  draining: false,
  maintenance: false,
  enabled: null,
  leaving: null,
};

/** How a worker's health was last judged, and why. */
export interface JudgedHealth {
  readonly health: HealthKind;
  readonly reason: string | null;
}

/**
 * The state that placement and people see (ND7).
 *
 * | switches            | healthy     | not healthy  |
 * |---------------------|-------------|--------------|
 * | maintenance         | maintenance | maintenance  |
 * | disabled            | maintenance | maintenance  |
 * | draining or leaving | draining    | as health is |
 * | none                | online      | as health is |
 */
export function judgeState(
  { health, reason }: JudgedHealth,
  switches: WorkerSwitches,
  isEnabled: boolean,
): { state: FleetState; reason: string | null } {
  if (switches.maintenance) return { state: 'maintenance', reason };
  if (!isEnabled) return { state: 'maintenance', reason: 'disabled' };
  if (health !== 'online') return { state: health === 'unknown' ? 'offline' : health, reason };
  if (switches.leaving) return { state: 'draining', reason: switches.leaving.reason };
  if (switches.draining) return { state: 'draining', reason: 'drained by an admin' };
  return { state: 'online', reason };
}
