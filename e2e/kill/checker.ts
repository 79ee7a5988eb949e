import { findClientViolations } from './check-clients.ts';
import { findEventViolations } from './check-events.ts';
import { findRunViolations } from './check-runs.ts';
import { indexLedgers, type Violation } from './ledger-index.ts';
import type { Ledgers } from './ledgers.ts';

export type { Violation } from './ledger-index.ts';

/** Joins the three ledgers and answers every broken promise; an empty list means that all were kept. Pure, O(n log n). */
export function findViolations(ledgers: Ledgers): Violation[] {
  const index = indexLedgers(ledgers);
  return [...findClientViolations(index), ...findEventViolations(index), ...findRunViolations(index)];
}
