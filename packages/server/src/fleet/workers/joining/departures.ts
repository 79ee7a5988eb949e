import { plainText, type WorkerId } from '@comfleet/contract';
import { every } from '../../../platform/lifecycle/every.ts';
import type { Scope } from '../../../platform/lifecycle/scope.ts';
import type { Logger } from '../../../platform/logging/logger.ts';
import type { Clock } from '../../../platform/time/clock.ts';
import type { WorkerRegistry } from '../registry.ts';

export interface DeparturesDeps {
  registry: Pick<WorkerRegistry, 'listDeparting' | 'remove'>;
  /** Prompts of ours on each worker, those under way included. */
  loads: () => Promise<ReadonlyMap<WorkerId, number>>;
  clock: Clock;
  logger: Logger;
}

const POLL_MS = 500;

/** Removes workers that leave as soon as nothing of ours is on them (ND6). */
export function openDepartures(scope: Scope, deps: DeparturesDeps): void {
  const { clock, logger } = deps;
  every(scope, { name: 'departures', intervalMs: POLL_MS, clock, logger }, () => removeIdle(deps));
}

/** One look; exported for those that want it at once. */
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
