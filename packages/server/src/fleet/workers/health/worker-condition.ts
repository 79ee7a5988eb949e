import type { FleetText } from '@comfleet/contract/texts/fleet';
import { describeHealth, type HealthResult } from './health-result.ts';
import {
  countSlots,
  type HealthEvent,
  type HealthRules,
  type HealthState,
  nextHealthState,
} from './health-state.ts';
import { type Latency, nextLatency } from './latency.ts';
import { nextRecovery, type Recovery, type RecoveryRules, requestsRestart } from './recovery.ts';

/**
 * All that checks have taught about one worker: two machines that see the same events, one after the other. `health` says
 * whether it is used and never looks at `recovery`; `recovery` says what is done about it, and begins and ends with `health`.
 */
export interface WorkerCondition {
  readonly health: HealthState;
  readonly recovery: Recovery | null;
  /** Of answers given while it had nothing to do: a working Python answers late. */
  readonly latency: Latency | null;
  /** The first and the last of the refusals in a row that checks met; null when the last one met none. Monotonic ms. */
  readonly refused: { readonly firstMs: number; readonly lastMs: number } | null;
}

export interface ConditionEvent extends HealthEvent {
  /** A process that we started. */
  ours: boolean;
}

export interface ConditionRules {
  health: HealthRules;
  recovery: RecoveryRules;
}

export const UNKNOWN_CONDITION: WorkerCondition = {
  health: { kind: 'unknown' },
  recovery: null,
  latency: null,
  refused: null,
};

/** Two refusals this far apart are no restart of a listener: nobody is there. */
const CLOSED_AFTER_MS = 500;

/** No process listens on its port: whatever it had is lost, and nothing is to be waited for. */
export function isPortClosed({ refused }: WorkerCondition): boolean {
  return refused !== null && refused.lastMs - refused.firstMs >= CLOSED_AFTER_MS;
}

/** One check more. */
export function nextCondition(
  before: WorkerCondition,
  event: ConditionEvent,
  rules: ConditionRules,
): WorkerCondition {
  const { result, busy, atMs, ours } = event;
  const health = nextHealthState(before.health, event, rules.health);
  const recovery = nextRecovery(before.recovery, { health: health.kind, result, atMs, ours }, rules.recovery);
  const isSample = result.kind === 'ok' && (!busy || before.latency === null);
  const latency = isSample ? nextLatency(before.latency, result.latencyMs) : before.latency;
  const refused =
    result.kind === 'refused' ? { firstMs: before.refused?.firstMs ?? atMs, lastMs: atMs } : null;
  return { health, recovery, latency, refused };
}

/** What a step means for others; each becomes a change with a cause. `downMs` is the time without service. */
export type ConditionChange =
  | { type: 'online'; cause: FleetText; downMs: number | null }
  | { type: 'offline' | 'error' | 'ejected' | 'closed'; cause: FleetText }
  | { type: 'recovery'; recovery: Recovery }
  | { type: 'restart_requested'; cause: FleetText };

/** Compares two conditions, in the order in which things are to be told. */
export function listChanges(
  before: WorkerCondition,
  after: WorkerCondition,
  { result, atMs }: Pick<ConditionEvent, 'result' | 'atMs'>,
): ConditionChange[] {
  const changes: ConditionChange[] = [];
  const { health } = after;
  if (health.kind !== before.health.kind) changes.push(toHealthChange(before, health, { result, atMs }));
  if (isPortClosed(after) && !isPortClosed(before))
    changes.push({ type: 'closed', cause: describeHealth(result) });
  const { recovery } = after;
  if (recovery !== null && recovery.phase !== before.recovery?.phase) {
    changes.push({ type: 'recovery', recovery });
  }
  if (requestsRestart(before.recovery, recovery)) {
    changes.push({ type: 'restart_requested', cause: describeHealth(result) });
  }
  return changes;
}

function toHealthChange(
  before: WorkerCondition,
  health: HealthState,
  { result, atMs }: { result: HealthResult; atMs: number },
): ConditionChange {
  switch (health.kind) {
    case 'unknown':
    case 'online': {
      const downMs = before.recovery === null ? null : atMs - before.recovery.sinceMs;
      return { type: 'online', cause: describeHealth(result), downMs };
    }
    case 'offline':
    case 'error':
    case 'ejected':
      return { type: health.kind, cause: health.reason };
  }
}

/** How many prompts it may have now; `isSuspected` holds everything back until the next check has answered. */
export function findSlots(
  { health }: WorkerCondition,
  options: { nowMs: number; growMs: number; maxConcurrent: number; isSuspected: boolean },
): number {
  return options.isSuspected ? 0 : countSlots(health, options);
}
