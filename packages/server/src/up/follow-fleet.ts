import type { WorkerId } from '@comfleet/contract';
import { adviseRecovery } from '../fleet/workers/health/recovery-advice.ts';
import type { WorkerRegistry } from '../fleet/workers/registry.ts';
import type { SayStart } from './say-start.ts';

/**
 * Prints when the last online worker becomes unusable, with the reason and what to do, and when one is back. Ignores removed
 * workers. Returns the function that stops it.
 */
export function followFleet(
  fleet: Pick<WorkerRegistry, 'list' | 'find' | 'onChange'>,
  { say, print }: { say: SayStart; print: (line: string) => void },
): () => void {
  const online = new Set<WorkerId>();
  let state: 'usable' | 'gone' | 'told' = 'usable';
  for (const { id, health } of fleet.list()) if (health === 'online') online.add(id);
  return fleet.onChange(({ workerId }) => {
    const worker = fleet.find(workerId)?.snapshot() ?? null;
    if (worker?.health === 'online') {
      online.add(workerId);
      if (state === 'told') print(say('start.worker_back', { name: worker.name }));
      state = 'usable';
      return;
    }
    if (online.delete(workerId) && online.size === 0 && worker) state = 'gone';
    if (state !== 'gone' || !worker?.recovery) return;
    const [problem, step] = adviseRecovery(worker.recovery);
    print(say('start.last_worker_gone', { name: worker.name, problem, step }));
    state = 'told';
  });
}
