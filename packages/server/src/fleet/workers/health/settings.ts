import { z } from 'zod';
import type { Findings } from '../../../platform/config/settings.ts';

/** Of what is not written. The time-out of a check is shorter for an idle worker: a working Python answers late. */
const DEFAULTS = { intervalS: 5, idleTimeoutS: 2, busyTimeoutS: 10, busyLimitS: 30, fall: 3 };

/** The `nodes.health_check` block. */
export const healthCheckSchema = z.strictObject({
  interval: z
    .number()
    .positive()
    .optional()
    .describe(`Seconds between checks; default ${DEFAULTS.intervalS}.`),
  timeout: z
    .number()
    .positive()
    .optional()
    .describe(
      `Seconds a check may take; default ${DEFAULTS.idleTimeoutS} for an idle worker, ${DEFAULTS.busyTimeoutS} for a busy one.`,
    ),
  heartbeat_timeout: z
    .number()
    .positive()
    .optional()
    .describe(
      `Seconds without an answer after which a busy worker is offline; default ${DEFAULTS.busyLimitS}.`,
    ),
  retry_attempts: z
    .int()
    .min(1)
    .max(100)
    .optional()
    .describe(`Failed checks that make it offline; default ${DEFAULTS.fall}.`),
  inventory_interval: z
    .number()
    .positive()
    .default(300)
    .describe('Seconds between two looks at what a worker can run: node classes and model files.'),
});
type RawHealthCheck = z.infer<typeof healthCheckSchema>;

/** When a worker counts as offline. */
export interface HealthSettings {
  /** Between checks; a returned worker gets a slot more each such period (countSlots). */
  readonly intervalMs: number;
  readonly idleTimeoutMs: number;
  /** While the worker has prompts. */
  readonly busyTimeoutMs: number;
  /** A working worker may time out this long, and a queue stand still before it is looked at. */
  readonly busyLimitMs: number;
  /** Between two looks at what a worker can run. */
  readonly inventoryPeriodMs: number;
  /** Good checks in a row that make it online. */
  readonly rise: number;
  /** Bad checks in a row that make it offline. */
  readonly fall: number;
}

export function checkHealthCheck(raw: RawHealthCheck, findings: Findings): void {
  const { interval, timeout, heartbeat_timeout: limit } = raw;
  if (interval !== undefined && timeout !== undefined && timeout >= interval) {
    findings.warn(
      'nodes.health_check.timeout',
      'not shorter than interval: checks would follow each other without a pause',
    );
  }
  if (limit !== undefined && limit < (interval ?? DEFAULTS.intervalS)) {
    findings.warn(
      'nodes.health_check.heartbeat_timeout',
      'shorter than interval: one missed check makes a worker offline',
    );
  }
}

/** A written time-out holds for idle and busy workers alike. */
export function compileHealthCheck(raw: RawHealthCheck): HealthSettings {
  return {
    intervalMs: (raw.interval ?? DEFAULTS.intervalS) * 1000,
    idleTimeoutMs: (raw.timeout ?? DEFAULTS.idleTimeoutS) * 1000,
    busyTimeoutMs: (raw.timeout ?? DEFAULTS.busyTimeoutS) * 1000,
    busyLimitMs: (raw.heartbeat_timeout ?? DEFAULTS.busyLimitS) * 1000,
    inventoryPeriodMs: raw.inventory_interval * 1000,
    rise: 2,
    fall: raw.retry_attempts ?? DEFAULTS.fall,
  };
}
