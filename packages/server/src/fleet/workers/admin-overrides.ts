import { plainText } from '@comfleet/contract';
import type { FleetText } from '@comfleet/contract/texts/fleet';
import type { WorkerSettings } from './worker-spec.ts';

/** WORKER_STATES of the contract, without `busy`, which depends on load. */
export type FleetState = 'online' | 'offline' | 'error' | 'maintenance' | 'draining';

/**
 * Whether a worker answers, regardless of admin decisions; `unknown` until its first check. `offline`: it does not answer, or is
 * ejected for a while. `error`: an unusable server answers: not ComfyUI, another one than before, too old, or one that runs
 * nothing.
 */
export type HealthKind = 'unknown' | 'online' | 'offline' | 'error';

/** A leaving worker: it gets no new tasks, and is removed once it is idle and its grace period is over. */
export interface Leaving {
  readonly reason: FleetText;
  /** End of the grace period, epoch ms; until then the worker stays even if idle, and may return. */
  readonly notBeforeMs: number;
}

/** Decisions of admins and owners at run time; they override the spec and survive restarts. */
export interface AdminOverrides {
  /** Settings that override those of the spec. */
  readonly settings: WorkerSettings;
  /** It accepts no new tasks and finishes its own. */
  readonly draining: boolean;
  /** The same for longer; it does not count as offline meanwhile. */
  readonly maintenance: boolean;
  /** Null: as in the spec. */
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

/**
 * One decision of an admin; each survives restarts. In maintenance a worker accepts no new tasks, but stays watched; a draining one
 * finishes its own; `enabled` overrides that of its source.
 */
export type AdminSwitch =
  | { readonly maintenance: boolean }
  | { readonly draining: boolean }
  | { readonly enabled: boolean };

/** What is said of a decision, in events and logs. */
export function describeSwitch(change: AdminSwitch): FleetText {
  if ('maintenance' in change)
    return plainText(change.maintenance ? 'worker.maintenance_begins' : 'worker.maintenance_ends');
  if ('draining' in change)
    return plainText(change.draining ? 'worker.draining_begins' : 'worker.draining_ends');
  return plainText(change.enabled ? 'worker.enabled' : 'worker.disabled');
}

/** Health of a worker after its last check, and why. */
export interface CheckedHealth {
  readonly health: HealthKind;
  readonly reason: FleetText | null;
  /** Name of the worker that is used instead: the same ComfyUI at another address. */
  readonly sameAs: string | null;
}

/**
 * Derives the state that placement and users see (ND7). `enabled` is that of the spec where no admin decided.
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
  overrides: AdminOverrides & { readonly enabled: boolean },
): { state: FleetState; reason: FleetText | null } {
  if (overrides.maintenance) return { state: 'maintenance', reason };
  if (!overrides.enabled) return { state: 'maintenance', reason: plainText('worker.disabled') };
  if (health !== 'online') return { state: health === 'unknown' ? 'offline' : health, reason };
  if (overrides.leaving) return { state: 'draining', reason: overrides.leaving.reason };
  if (overrides.draining) return { state: 'draining', reason: plainText('worker.drained') };
  if (sameAs !== null)
    return { state: 'draining', reason: { code: 'worker.same_as', params: { name: sameAs } } };
  return { state: 'online', reason };
}
