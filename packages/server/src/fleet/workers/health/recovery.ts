import type { HealthResult } from './health-result.ts';
import type { HealthState } from './health-state.ts';

/**
 * What is done about a worker that cannot be used; null while nothing is. Times are monotonic ms; `problem` is what the last
 * check found. Every phase is left for null when the worker is back online, and ignores single good answers before that.
 *
 * - CHECKING — it may come back by itself. Entered when it goes offline or into error, but not by an own process that is stuck.
 * - RESTARTING — ours: its supervisor was requested to restart it, at `requestedAtMs`, and is again each `restartAgainMs`.
 *   Entered from CHECKING after `selfRecoveryMs`, or at once by an own process that is stuck.
 * - ADVISED — not ours: a user was told to restart it, and it is checked often, `checks` times so far. Entered from CHECKING.
 * - DOWN — nobody came; it is checked for ever, more seldom. Entered from ADVISED after `advisedChecks`.
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

/** A recovery with the wall time of its beginning. */
export interface RecoverySnapshot {
  readonly phase: Recovery['phase'];
  readonly problem: HealthResult;
  readonly sinceMs: number;
}

export interface RecoveryRules {
  /** Time to come back by itself. */
  selfRecoveryMs: number;
  /** Between checks meanwhile: a process that is started again is often back within seconds. */
  selfRecoveryEveryMs: number;
  /** Between checks once the user was advised. */
  advisedEveryMs: number;
  /** How many of them, before it is asked more seldom. */
  advisedChecks: number;
  /** Between checks from then on. */
  downEveryMs: number;
  /** An own instance that still does not answer is restarted again after this. */
  restartAgainMs: number;
}

export interface RecoveryEvent {
  health: HealthState['kind'];
  result: HealthResult;
  /** Monotonic. */
  atMs: number;
  /** A process that we started. */
  ours: boolean;
}

/**
 * | phase      | answers well | still fails                                                                 |
 * |------------|--------------|-----------------------------------------------------------------------------|
 * | none       | none         | checking once offline or in error; stuck and ours: restarting               |
 * | checking   | none         | after `selfRecoveryMs`: restarting when ours, else advised                   |
 * | restarting | none         | restarting; requested again after `restartAgainMs`                              |
 * | advised    | none         | advised, `checks` + 1; down after `advisedChecks`                           |
 * | down       | none         | down                                                                        |
 *
 * "None" is null. An ejected worker answers: there is nothing to recover.
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

/** A process that runs no prompts does not heal by waiting; anything else may. */
function begin({ result, atMs, ours }: RecoveryEvent): Recovery {
  const common = { sinceMs: atMs, problem: result };
  if (ours && result.kind === 'stuck') return { phase: 'restarting', requestedAtMs: atMs, ...common };
  return { phase: 'checking', ...common };
}

/** True when this step requests a restart from the supervisor. */
export function requestsRestart(before: Recovery | null, after: Recovery | null): boolean {
  if (after?.phase !== 'restarting') return false;
  return before?.phase !== 'restarting' || before.requestedAtMs !== after.requestedAtMs;
}

/** The time to the next check: that of the phase, at least the ordinary period but for a worker that may come back by itself. */
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
