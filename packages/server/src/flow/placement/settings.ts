import { STRATEGIES, type Strategy } from '@comfleet/contract';
import { z } from 'zod';

/** The `nodes.load_balancing` block. */
export const loadBalancingSchema = z.strictObject({
  strategy: z.enum(STRATEGIES).default('least_loaded').describe('How a worker is chosen.'),
  enable_failover: z
    .boolean()
    .default(true)
    .describe('After a fault of its worker a task moves to another one.'),
  max_retries: z.int().min(0).max(9).default(3).describe('Attempts after the first one.'),
  failover_seconds: z
    .number()
    .min(0)
    .default(5)
    .describe(
      'Seconds that a worker may be offline before its running tasks move to another one. If its port refuses connections, its process has ended, and they move at once.',
    ),
  bypass_starts: z
    .int()
    .min(0)
    .max(10_000)
    .default(24)
    .describe('How many times warm tasks may overtake a task that needs a model load.'),
  bypass_seconds: z
    .number()
    .min(0)
    .default(60)
    .describe('How long a task may be overtaken in this way, in seconds.'),
  aging_seconds: z
    .number()
    .min(1)
    .default(600)
    .describe(
      'Seconds after which the first waiting task of a client that has started none is raised by one priority.',
    ),
});

export interface PlacementSettings {
  readonly strategy: Strategy;
  readonly maxAttempts: number;
  /** How long a worker may be offline before its tasks move to another one. */
  readonly offlineGraceMs: number;
  /** How often, and for how long, tasks with loaded models may overtake one without. */
  readonly bypass: { readonly starts: number; readonly ms: number };
  /** A client without a started task in a lane for this long has its rank raised by one. */
  readonly agingMs: number;
}

export function compilePlacement(raw: z.infer<typeof loadBalancingSchema>): PlacementSettings {
  return {
    strategy: raw.strategy,
    maxAttempts: raw.enable_failover ? raw.max_retries + 1 : 1,
    offlineGraceMs: raw.failover_seconds * 1000,
    bypass: { starts: raw.bypass_starts, ms: raw.bypass_seconds * 1000 },
    agingMs: raw.aging_seconds * 1000,
  };
}
