import { compileHealthCheck, type HealthSettings, healthCheckSchema } from './health/settings.ts';
import type { ConditionRules } from './health/worker-condition.ts';
import { VERSION_FLOOR } from './identity/comfyui-version.ts';

/** How workers are watched: settings of the file, and options for tests. Every field has a default; times in ms. */
export interface FleetOptions extends Partial<HealthSettings> {
  /** Delay while the next answers decide; default 600, at most the interval. */
  recheckMs?: number;
  /** A fall this soon after a return counts as flapping; default 600000. */
  quietMs?: number;
  /** Probation after a second fall (doubles), and how long a slow worker stays ejected; default 30000. */
  firstProbationMs?: number;
  /** Longest probation; default 300000. */
  maxProbationMs?: number;
  /** How long a worker may recover by itself before a restart or advice; default 10000. */
  selfRecoveryMs?: number;
  /** Check interval until then; default 500, at most the interval. */
  selfRecoveryEveryMs?: number;
  /** Check interval after users were advised to restart it (12 times); default 10000. */
  advisedEveryMs?: number;
  /** Check interval of a worker that stays down; default 30000. */
  downEveryMs?: number;
  /** Accepts ComfyUI below 0.3.57: one prompt at a time, and interrupts hit whatever runs. Default false. */
  allowOldVersions?: boolean;
}

/** Options with every default filled in. */
export interface CompiledFleetOptions {
  readonly intervalMs: number;
  readonly recheckMs: number;
  readonly risingMs: number;
  readonly idleTimeoutMs: number;
  readonly busyTimeoutMs: number;
  readonly inventoryPeriodMs: number;
  readonly rules: ConditionRules;
  readonly versionFloor: string | null;
}

const ADVISED_CHECKS = 12;
const RESTART_AGAIN_MS = 60_000;
/** Check interval of a worker that answers again: tasks wait for the last of these checks. */
const RISING_MS = 200;

const DEFAULTS = compileHealthCheck(healthCheckSchema.parse({}));

/** Fills in the defaults. */
export function compileFleetOptions(options: FleetOptions): CompiledFleetOptions {
  const { intervalMs, idleTimeoutMs, busyTimeoutMs, busyLimitMs, inventoryPeriodMs, rise, fall } = {
    ...DEFAULTS,
    ...options,
  };
  const recheckMs = Math.min(options.recheckMs ?? 600, intervalMs);
  return {
    intervalMs,
    recheckMs,
    risingMs: Math.min(RISING_MS, recheckMs),
    idleTimeoutMs,
    busyTimeoutMs,
    inventoryPeriodMs,
    rules: {
      health: {
        rise,
        fall,
        busyLimitMs,
        quietMs: options.quietMs ?? 600_000,
        firstProbationMs: options.firstProbationMs ?? 30_000,
        maxProbationMs: options.maxProbationMs ?? 300_000,
      },
      recovery: {
        selfRecoveryMs: options.selfRecoveryMs ?? 10_000,
        selfRecoveryEveryMs: Math.min(options.selfRecoveryEveryMs ?? 500, intervalMs),
        advisedEveryMs: options.advisedEveryMs ?? 10_000,
        advisedChecks: ADVISED_CHECKS,
        downEveryMs: options.downEveryMs ?? 30_000,
        restartAgainMs: RESTART_AGAIN_MS,
      },
    },
    versionFloor: options.allowOldVersions === true ? null : VERSION_FLOOR,
  };
}
