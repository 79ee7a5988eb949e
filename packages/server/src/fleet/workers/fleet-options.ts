import { compileHealthCheck, type HealthSettings, healthCheckSchema } from './health/settings.ts';
import type { ConditionRules } from './health/worker-condition.ts';
import { VERSION_FLOOR } from './identity/comfyui-version.ts';

/** How workers are watched: the settings of the file, and what only tests change. Every field has a default; times are milliseconds. */
export interface FleetOptions extends Partial<HealthSettings> {
  /** Before the next check while the next answers decide, default 600, at most the interval. */
  recheckMs?: number;
  /** A fall this soon after a return is flapping, default 600000. */
  quietMs?: number;
  /** How long a worker that failed twice gets one prompt at a time (doubling), and how long a slow one is left out; default 30000. */
  firstProbationMs?: number;
  /** Longest such time, default 300000. */
  maxProbationMs?: number;
  /** A worker may come back by itself this long before a restart or advice, default 10000. */
  selfRecoveryMs?: number;
  /** Between checks meanwhile, default 500, at most the interval. */
  selfRecoveryEveryMs?: number;
  /** Between checks after a user was advised to restart it (12 times), default 10000. */
  advisedEveryMs?: number;
  /** Between checks of one that stays down, default 30000. */
  downEveryMs?: number;
  /** Uses ComfyUI below 0.3.57 too: one prompt at a time, interrupts hit whatever runs. Default false. */
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
/** Between the answers of one that is back: work waits for the last of them. */
const RISING_MS = 200;

const DEFAULTS = compileHealthCheck(healthCheckSchema.parse({}));

/** Fills the defaults, once. */
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
