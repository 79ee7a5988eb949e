import { VERSION_FLOOR } from './comfyui-version.ts';
import type { HealthRules } from './health-state.ts';

/** How workers are watched; every field has a default. Times are milliseconds. */
export interface FleetOptions {
  /** Between checks, default 5000. */
  healthPeriodMs?: number;
  /** Before the next check while the last one failed, default 1000, at most the period. */
  recheckMs?: number;
  /** Default 2000. */
  idleTimeoutMs?: number;
  /** While the worker has prompts, default 10000. */
  busyTimeoutMs?: number;
  /** A working worker may time out this long, default 30000. */
  busyLimitMs?: number;
  /** Default 2. */
  rise?: number;
  /** Default 3. */
  fall?: number;
  /** Uses ComfyUI below 0.3.57 too: one prompt at a time, interrupts hit whatever runs. Default false. */
  allowOldVersions?: boolean;
}

/** Options with every default filled in. */
export interface CompiledFleetOptions {
  readonly healthPeriodMs: number;
  readonly recheckMs: number;
  readonly idleTimeoutMs: number;
  readonly busyTimeoutMs: number;
  readonly rules: HealthRules;
  readonly versionFloor: string | null;
}

/** Fills the defaults, once. */
export function compileFleetOptions(options: FleetOptions): CompiledFleetOptions {
  const healthPeriodMs = options.healthPeriodMs ?? 5_000;
  return {
    healthPeriodMs,
    recheckMs: Math.min(options.recheckMs ?? 1_000, healthPeriodMs),
    idleTimeoutMs: options.idleTimeoutMs ?? 2_000,
    busyTimeoutMs: options.busyTimeoutMs ?? 10_000,
    rules: {
      rise: options.rise ?? 2,
      fall: options.fall ?? 3,
      busyLimitMs: options.busyLimitMs ?? 30_000,
    },
    versionFloor: options.allowOldVersions === true ? null : VERSION_FLOOR,
  };
}
