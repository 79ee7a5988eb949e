import { plainText } from '@comfleet/contract';
import { z } from 'zod';
import type { Findings } from '../../../platform/config/settings.ts';

/** Defaults. The timeout of a check is shorter for an idle worker, because a busy Python answers late. */
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
      `Seconds that a check may take; default ${DEFAULTS.idleTimeoutS} for an idle worker, ${DEFAULTS.busyTimeoutS} for a busy one.`,
    ),
  heartbeat_timeout: z
    .number()
    .positive()
    .optional()
    .describe(
      `Seconds without a response after which a busy worker counts as offline; default ${DEFAULTS.busyLimitS}.`,
    ),
  retry_attempts: z
    .int()
    .min(1)
    .max(100)
    .optional()
    .describe(`Failed checks in a row after which it counts as offline; default ${DEFAULTS.fall}.`),
  inventory_interval: z
    .number()
    .positive()
    .default(300)
    .describe('Seconds between two queries of what a worker can run: node classes and model files.'),
});
type RawHealthCheck = z.infer<typeof healthCheckSchema>;

/** When a worker counts as offline. */
export interface HealthSettings {
  /** Check interval; also how often a returned worker gets one more slot (countSlots). */
  readonly intervalMs: number;
  readonly idleTimeoutMs: number;
  /** Timeout while the worker has prompts. */
  readonly busyTimeoutMs: number;
  /** How long a busy worker may time out, and how long its queue may stand still before it is probed. */
  readonly busyLimitMs: number;
  /** Interval between two checks of a worker's inventory. */
  readonly inventoryPeriodMs: number;
  /** How many good checks in a row bring it online. */
  readonly rise: number;
  /** How many failed checks in a row take it offline. */
  readonly fall: number;
}

export function checkHealthCheck(raw: RawHealthCheck, findings: Findings): void {
  const { interval, timeout, heartbeat_timeout: limit } = raw;
  if (interval !== undefined && timeout !== undefined && timeout >= interval) {
    findings.warn('nodes.health_check.timeout', plainText('config.check_timeout'));
  }
  if (limit !== undefined && limit < (interval ?? DEFAULTS.intervalS)) {
    findings.warn('nodes.health_check.heartbeat_timeout', plainText('config.heartbeat'));
  }
}

/** Compiles the settings; a configured timeout applies to idle and busy workers alike. */
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
