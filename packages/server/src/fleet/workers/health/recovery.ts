import type { HealthResult } from './health-result.ts';
import type { HealthState } from './health-state.ts';

/** What is done about a worker that cannot be used. Times are monotonic ms; `problem` is what the last check found. */
export type Recovery = {
  readonly sinceMs: number;
  readonly problem: HealthResult;
} /** It may come back by itself. */ & (
  | { readonly phase: 'checking' }
  /** Ours: its supervisor was asked to start it again. */
  | { readonly phase: 'restarting'; readonly askedAtMs: number }
  /** Not ours: a person was told to restart it; it is asked often for a while. */
  | { readonly phase: 'advised'; readonly checks: number }
  /** Nobody came; it is asked for ever, more seldom. */
  | { readonly phase: 'down' }
);

export interface RecoveryRules {
  /** Time to come back by itself. */
  selfRecoveryMs: number;
  /** Between checks once a person was told. */
  advisedEveryMs: number;
  /** So many of them, before it is asked more seldom. */
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
 * | restarting | none         | restarting; asked again after `restartAgainMs`                              |
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
      if (ours) return { phase: 'restarting', askedAtMs: atMs, sinceMs, problem: result };
      return { phase: 'advised', checks: 0, sinceMs, problem: result };
    case 'restarting': {
      const isDue = atMs - recovery.askedAtMs >= rules.restartAgainMs;
      return { ...recovery, problem: result, askedAtMs: isDue ? atMs : recovery.askedAtMs };
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
  if (ours && result.kind === 'stuck') return { phase: 'restarting', askedAtMs: atMs, ...common };
  return { phase: 'checking', ...common };
}

/** True when this step asks the supervisor for a restart. */
export function asksForRestart(before: Recovery | null, after: Recovery | null): boolean {
  if (after?.phase !== 'restarting') return false;
  return before?.phase !== 'restarting' || before.askedAtMs !== after.askedAtMs;
}

/** The time to the next check that recovery wants; null leaves it to the ordinary period. */
export function findRecoveryDelay(recovery: Recovery | null, rules: RecoveryRules): number | null {
  if (recovery?.phase === 'advised') return rules.advisedEveryMs;
  return recovery?.phase === 'down' ? rules.downEveryMs : null;
}
