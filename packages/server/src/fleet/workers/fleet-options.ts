import type { ConditionRules } from './health/worker-condition.ts';
import { VERSION_FLOOR } from './identity/comfyui-version.ts';

/** How workers are watched; every field has a default. Times are milliseconds. */
export interface FleetOptions {
  /** Between checks, default 5000. A returned worker gets one slot more each such period. */
  healthPeriodMs?: number;
  /** Before the next check while the last one failed, default 1000, at most the period. */
  recheckMs?: number;
  /** Default 2000. */
  idleTimeoutMs?: number;
  /** While the worker has prompts, default 10000. */
  busyTimeoutMs?: number;
  /** A working worker may time out this long, and a queue stand still before it is looked at; default 30000. */
  busyLimitMs?: number;
  /** Default 2. */
  rise?: number;
  /** Default 3. */
  fall?: number;
  /** A fall this soon after a return is flapping, default 600000. */
  quietMs?: number;
  /** First time out for flapping, doubling, default 30000. */
  firstEjectionMs?: number;
  /** Longest time out for flapping, default 300000. */
  maxEjectionMs?: number;
  /** A worker may come back by itself this long before a restart or advice, default 10000. */
  selfRecoveryMs?: number;
  /** Between checks after a person was advised to restart it (12 times), default 10000. */
  advisedEveryMs?: number;
  /** Between checks of one that stays down, default 30000. */
  downEveryMs?: number;
  /** Between looks at what a worker can run, default 300000, jittered. */
  inventoryPeriodMs?: number;
  /** Uses ComfyUI below 0.3.57 too: one prompt at a time, interrupts hit whatever runs. Default false. */
  allowOldVersions?: boolean;
}

/** Options with every default filled in. */
export interface CompiledFleetOptions {
  readonly healthPeriodMs: number;
  readonly recheckMs: number;
  readonly idleTimeoutMs: number;
  readonly busyTimeoutMs: number;
  readonly inventoryPeriodMs: number;
  readonly rules: ConditionRules;
  readonly versionFloor: string | null;
}

const ADVISED_CHECKS = 12;
const RESTART_AGAIN_MS = 60_000;

/** Fills the defaults, once. */
export function compileFleetOptions(options: FleetOptions): CompiledFleetOptions {
  const healthPeriodMs = options.healthPeriodMs ?? 5_000;
  return {
    healthPeriodMs,
    recheckMs: Math.min(options.recheckMs ?? 1_000, healthPeriodMs),
    idleTimeoutMs: options.idleTimeoutMs ?? 2_000,
    busyTimeoutMs: options.busyTimeoutMs ?? 10_000,
    inventoryPeriodMs: options.inventoryPeriodMs ?? 300_000,
    rules: compileRules(options),
    versionFloor: options.allowOldVersions === true ? null : VERSION_FLOOR,
  };
}

function compileRules(options: FleetOptions): ConditionRules {
  return {
    health: {
      rise: options.rise ?? 2,
      fall: options.fall ?? 3,
      busyLimitMs: options.busyLimitMs ?? 30_000,
      quietMs: options.quietMs ?? 600_000,
      firstEjectionMs: options.firstEjectionMs ?? 30_000,
      maxEjectionMs: options.maxEjectionMs ?? 300_000,
    },
    recovery: {
      selfRecoveryMs: options.selfRecoveryMs ?? 10_000,
      advisedEveryMs: options.advisedEveryMs ?? 10_000,
      advisedChecks: ADVISED_CHECKS,
      downEveryMs: options.downEveryMs ?? 30_000,
      restartAgainMs: RESTART_AGAIN_MS,
    },
  };
}
