import { findClientViolations } from './check-clients.ts';
import { findEventViolations } from './check-events.ts';
import { findRunViolations } from './check-runs.ts';
import { indexLedgers, type Violation } from './ledger-index.ts';
import type { Ledgers } from './ledgers.ts';

export type { Violation } from './ledger-index.ts';

/** Joins the three ledgers; returns every broken promise. Pure, O(n log n). */
export function findViolations(ledgers: Ledgers): Violation[] {
  const index = indexLedgers(ledgers);
  return [...findClientViolations(index), ...findEventViolations(index), ...findRunViolations(index)];
}
