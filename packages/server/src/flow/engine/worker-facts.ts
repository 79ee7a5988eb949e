import { toWorkerKind } from '../../fleet/workers/inventory/worker-kind.ts';
import type { WorkerSnapshot } from '../../fleet/workers/registry.ts';
import type { WorkerFacts } from '../placement/needs.ts';

/** A worker of the fleet as placement sees it. It gets no new tasks while attempts of an earlier process are recovered on it. */
export function toWorkerFacts(
  worker: WorkerSnapshot,
  { isRecovering }: { isRecovering: boolean },
): WorkerFacts {
  const { inventory } = worker;
  return {
    id: worker.id,
    name: worker.name,
    state: toState(worker, isRecovering),
    simulated: worker.simulated,
    group: worker.group,
    weight: worker.weight,
    priority: worker.priority,
    slots: worker.slots,
    capabilities: worker.capabilities,
    labels: worker.labels,
    classTypes: inventory?.classTypes ?? null,
    models: inventory?.models ?? null,
    choices: inventory && toWorkerKind(inventory).choices,
    maxUploadBytes: worker.maxUploadBytes,
    vramBytes: inventory?.vramTotal ?? 0,
  };
}

function toState(worker: WorkerSnapshot, isRecovering: boolean): WorkerFacts['state'] {
  if (!worker.enabled) return 'disabled';
  return worker.state === 'online' && isRecovering ? 'adopting' : worker.state;
}
