import type { HealthResult } from './health-result.ts';
import type { HealthState } from './health-state.ts';

/**
 * What is being done about an unusable worker; null while nothing is. Times are monotonic ms; `problem` is the result of the last
 * check. Every phase ends when the worker is back online, and ignores single good answers before that.
 *
 * - CHECKING — it may recover by itself. Entered when the worker goes offline or into error, unless it is our own and stuck.
 * - RESTARTING — our own process: its supervisor was asked to restart it at `requestedAtMs`, and is again each `restartAgainMs`.
 *   Entered from CHECKING after `selfRecoveryMs`, or at once when our own process is stuck.
 * - ADVISED — not our process: users are advised to restart it. It is checked often, `checks` times so far. Entered from CHECKING.
 * - DOWN — nobody restarted it. It is checked less often, without end. Entered from ADVISED after `advisedChecks`.
 */
export type Recovery = {
  readonly sinceMs: number;
  readonly problem: HealthResult;
} & (
  | { readonly phase: 'checking' }
  | { readonly phase: 'restarting'; readonly requestedAtMs: number }
  | { readonly phase: 'advised'; readonly checks: number }
  | { readonly phase: 'down' }
);

/** A recovery with the wall-clock time of its start. */
export interface RecoverySnapshot {
  readonly phase: Recovery['phase'];
  readonly problem: HealthResult;
  readonly sinceMs: number;
}

export interface RecoveryRules {
  /** How long it may take to recover by itself. */
  selfRecoveryMs: number;
  /** Check interval until then: a restarted process is often back within seconds. */
  selfRecoveryEveryMs: number;
  /** Check interval once users were advised. */
  advisedEveryMs: number;
  /** How many checks follow at that interval. */
  advisedChecks: number;
  /** Check interval from then on. */
  downEveryMs: number;
  /** Delay before our own instance is restarted again if it still does not answer. */
  restartAgainMs: number;
}

export interface RecoveryEvent {
  health: HealthState['kind'];
  result: HealthResult;
  /** Monotonic. */
  atMs: number;
  /** True for a process that we started. */
  ours: boolean;
}

/**
 * | phase      | back online | still fails                                                   |
 * |------------|-------------|---------------------------------------------------------------|
 * | none       | none        | checking once offline or in error; stuck and ours: restarting |
 * | checking   | none        | after `selfRecoveryMs`: restarting if ours, else advised      |
 * | restarting | none        | restarting; requested again after `restartAgainMs`            |
 * | advised    | none        | advised, `checks` + 1; down after `advisedChecks`             |
 * | down       | none        | down                                                          |
 *
 * "None" is null. An ejected worker answers, so it needs no recovery.
 */
export function nextRecovery(
  recovery: Recovery | null,
  event: RecoveryEvent,
  rules: RecoveryRules,
): Recovery | null {
  const { health, result, atMs, ours } = event;
  if (health !== 'offline' && health !== 'error') return null;
  if (result.kind === 'ok') return recovery; // not yet often enough
  if (recovery === null) return begin(event);
  const { sinceMs } = recovery;
  switch (recovery.phase) {
    case 'checking':
      if (atMs - sinceMs < rules.selfRecoveryMs) return { ...recovery, problem: result };
      if (ours) return { phase: 'restarting', requestedAtMs: atMs, sinceMs, problem: result };
      return { phase: 'advised', checks: 0, sinceMs, problem: result };
    case 'restarting': {
      const isDue = atMs - recovery.requestedAtMs >= rules.restartAgainMs;
      return { ...recovery, problem: result, requestedAtMs: isDue ? atMs : recovery.requestedAtMs };
    }
    case 'advised': {
      const checks = recovery.checks + 1;
      if (checks > rules.advisedChecks) return { phase: 'down', sinceMs, problem: result };
      return { ...recovery, checks, problem: result };
    }
    case 'down':
      return { ...recovery, problem: result };
  }
}

/** A process that runs no prompts does not recover by waiting; any other fault may. */
function begin({ result, atMs, ours }: RecoveryEvent): Recovery {
  const common = { sinceMs: atMs, problem: result };
  if (ours && result.kind === 'stuck') return { phase: 'restarting', requestedAtMs: atMs, ...common };
  return { phase: 'checking', ...common };
}

/** True when this step asks the supervisor for a restart. */
export function requestsRestart(before: Recovery | null, after: Recovery | null): boolean {
  if (after?.phase !== 'restarting') return false;
  return before?.phase !== 'restarting' || before.requestedAtMs !== after.requestedAtMs;
}

/** Delay before the next check: that of the phase, but no less than the usual interval except in `checking`. */
export function findRecoveryDelay(
  recovery: Recovery | null,
  { intervalMs, rules }: { intervalMs: number; rules: RecoveryRules },
): number {
  switch (recovery?.phase) {
    case 'checking':
      return rules.selfRecoveryEveryMs;
    case 'advised':
      return Math.max(intervalMs, rules.advisedEveryMs);
    case 'down':
      return Math.max(intervalMs, rules.downEveryMs);
    default:
      return intervalMs;
  }
}
