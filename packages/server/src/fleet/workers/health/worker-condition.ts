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
 * Everything known about one worker from its checks: two state machines over the same events. `health` decides whether the
 * worker is used, and does not depend on `recovery`. `recovery` decides what to do about it, and starts and ends with `health`.
 */
export interface WorkerCondition {
  readonly health: HealthState;
  readonly recovery: Recovery | null;
  /** Measured only while the worker is idle, because a busy Python answers late. */
  readonly latency: Latency | null;
  /** First and last of the refused connections in a row; null if the last check was not refused. Monotonic ms. */
  readonly refused: { readonly firstMs: number; readonly lastMs: number } | null;
}

export interface ConditionEvent extends HealthEvent {
  /** True for a process that we started. */
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

/** Two refusals this far apart are more than a restarting listener: no process is there. */
const CLOSED_AFTER_MS = 500;

/** True when no process listens on its port, so that its prompts are lost and need no grace period. */
export function isPortClosed({ refused }: WorkerCondition): boolean {
  return refused !== null && refused.lastMs - refused.firstMs >= CLOSED_AFTER_MS;
}

/** Applies one more check. */
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

/** Change of a condition that matters to others, with its cause. `downMs` is the time without service. */
export type ConditionChange =
  | { type: 'online'; cause: FleetText; downMs: number | null }
  | { type: 'offline' | 'error' | 'ejected' | 'closed'; cause: FleetText }
  | { type: 'recovery'; recovery: Recovery }
  | { type: 'restart_requested'; cause: FleetText };

/** Compares two conditions. Returns the changes in the order in which to report them. */
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

/** How many prompts the worker may have now; none while `isSuspected`, until the next check has answered. */
export function findSlots(
  { health }: WorkerCondition,
  options: { nowMs: number; growMs: number; maxConcurrent: number; isSuspected: boolean },
): number {
  return options.isSuspected ? 0 : countSlots(health, options);
}
