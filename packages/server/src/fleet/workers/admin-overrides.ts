import { plainText } from '@comfleet/contract';
import type { FleetText } from '@comfleet/contract/texts/fleet';
import type { WorkerSettings } from './worker-spec.ts';

/** WORKER_STATES of the contract, without `busy`, which depends on load. */
export type FleetState = 'online' | 'offline' | 'error' | 'maintenance' | 'draining';

/**
 * Whether it answers, whatever people decided about it; `unknown` until it was asked. `offline`: does not answer, or is
 * kept out for a while after it fell too often. `error`: something answers that we cannot use: not ComfyUI, another one
 * than before, too old, or one that runs nothing.
 */
export type HealthKind = 'unknown' | 'online' | 'offline' | 'error';

/** A worker on its way out of the fleet: it gets no new tasks and goes once it is idle and the time has come. */
export interface Leaving {
  readonly reason: FleetText;
  /** Epoch ms; before it the worker stays even when idle, and may come back. */
  readonly notBeforeMs: number;
}

/** What admins and owners decided about a worker at run time; lies over its spec and is kept across restarts. */
export interface AdminOverrides {
  /** Settings that win over those of the spec. */
  readonly settings: WorkerSettings;
  /** Gets no new tasks, what it has finishes. */
  readonly draining: boolean;
  /** The same for longer: does not become offline meanwhile. */
  readonly maintenance: boolean;
  /** Null: what the spec says. */
  readonly enabled: boolean | null;
  readonly leaving: Leaving | null;
}

export const NO_OVERRIDES: AdminOverrides = {
  settings: {},
  draining: false,
  maintenance: false,
  enabled: null,
  leaving: null,
};

/** What the last check made of a worker, and why. */
export interface CheckedHealth {
  readonly health: HealthKind;
  readonly reason: FleetText | null;
  /** Name of the worker that is used in its place: the same ComfyUI under another address. */
  readonly sameAs: string | null;
}

/**
 * The state that placement and people see (ND7).
 *
 * | overrides           | healthy     | not healthy  |
 * |---------------------|-------------|--------------|
 * | maintenance         | maintenance | maintenance  |
 * | disabled            | maintenance | maintenance  |
 * | draining or leaving | draining    | as health is |
 * | same as another     | draining    | as health is |
 * | none                | online      | as health is |
 */
export function deriveState(
  { health, reason, sameAs }: CheckedHealth,
  overrides: AdminOverrides,
  isEnabled: boolean,
): { state: FleetState; reason: FleetText | null } {
  if (overrides.maintenance) return { state: 'maintenance', reason };
  if (!isEnabled) return { state: 'maintenance', reason: plainText('worker.disabled') };
  if (health !== 'online') return { state: health === 'unknown' ? 'offline' : health, reason };
  if (overrides.leaving) return { state: 'draining', reason: overrides.leaving.reason };
  if (overrides.draining) return { state: 'draining', reason: plainText('worker.drained') };
  if (sameAs !== null)
    return { state: 'draining', reason: { code: 'worker.same_as', params: { name: sameAs } } };
  return { state: 'online', reason };
}
