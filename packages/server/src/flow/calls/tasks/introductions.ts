import type { WorkerRegistry, WorkerSnapshot } from '../../../fleet/workers/registry.ts';
import type { Scope } from '../../../platform/lifecycle/scope.ts';
import type { Clock } from '../../../platform/time/clock.ts';

/** How long tasks are not checked without a worker that has just joined. */
const PATIENCE_MS = 5000;

/**
 * Returns a function that waits for the inventories of workers that have just joined, so that a submission right after a start is
 * not refused for unreported models. Resolves at once when all are known or do not answer; after 5 s at most.
 */
export function openIntroductions(
  scope: Scope,
  { fleet, clock }: { fleet: Pick<WorkerRegistry, 'list' | 'find' | 'onChange'>; clock: Clock },
): () => Promise<void> {
  /** Worker id → until when to wait for it. */
  const expected = new Map<string, number>();
  const waiting = new Set<() => void>();
  const expect = (id: string) => expected.set(id, clock.monotonicMs() + PATIENCE_MS);
  const review = (id: string): void => {
    if (!expected.has(id) || isExpected(fleet.find(id)?.snapshot())) return;
    expected.delete(id);
    if (expected.size === 0) for (const resume of [...waiting]) resume();
  };
  for (const worker of fleet.list()) if (isExpected(worker)) expect(worker.id);
  scope.add(
    'introductions',
    fleet.onChange(({ type, workerId }) => {
      if (type === 'worker.added') expect(workerId);
      review(workerId);
    }),
  );
  return async () => {
    const nowMs = clock.monotonicMs();
    for (const [id, untilMs] of expected) if (untilMs <= nowMs) expected.delete(id);
    if (expected.size === 0) return;
    const lastMs = Math.max(...expected.values()) - nowMs;
    await new Promise<void>((resolve) => {
      const resume = (): void => {
        cancel();
        waiting.delete(resume);
        resolve();
      };
      const cancel = clock.setTimer(lastMs, resume);
      waiting.add(resume);
    });
  };
}

/** True for a worker that was not checked yet, or answers but has no inventory yet. */
function isExpected(worker: WorkerSnapshot | undefined): boolean {
  if (worker === undefined || worker.inventory !== null || !worker.enabled || worker.leaving) return false;
  return worker.health === 'unknown' || worker.health === 'online';
}
