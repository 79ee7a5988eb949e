import { plainText, type WorkerId } from '@comfleet/contract';
import { every } from '../../../platform/lifecycle/every.ts';
import type { Scope } from '../../../platform/lifecycle/scope.ts';
import type { Logger } from '../../../platform/logging/logger.ts';
import type { Clock } from '../../../platform/time/clock.ts';
import type { WorkerRegistry } from '../registry.ts';

export interface DeparturesDeps {
  registry: Pick<WorkerRegistry, 'listDeparting' | 'remove'>;
  /** Our prompts on each worker, including claims in progress. */
  loads: () => Promise<ReadonlyMap<WorkerId, number>>;
  clock: Clock;
  logger: Logger;
}

const POLL_MS = 500;

/** Removes leaving workers as soon as they have no prompts of ours (ND6). */
export function openDepartures(scope: Scope, deps: DeparturesDeps): void {
  const { clock, logger } = deps;
  every(scope, { name: 'departures', intervalMs: POLL_MS, clock, logger }, () => removeIdle(deps));
}

/** Checks once; exported for callers that want it at once. */
export async function removeIdle({
  registry,
  loads,
}: Omit<DeparturesDeps, 'clock' | 'logger'>): Promise<void> {
  const departing = registry.listDeparting();
  if (departing.length === 0) return;
  const byWorker = await loads();
  for (const id of departing) {
    if ((byWorker.get(id) ?? 0) === 0) await registry.remove(id, plainText('worker.left'));
  }
}
