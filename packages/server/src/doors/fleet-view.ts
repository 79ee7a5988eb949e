import type { Worker, WorkerState } from '@comfleet/contract';
import type { WorkerRegistry, WorkerSnapshot } from '../fleet/workers/registry.ts';
import { AppError } from '../platform/errors/app-error.ts';

/** The fleet as doors show it. */
export interface FleetView {
  list(): Worker[];
  /** Throws WORKER_NOT_FOUND, as the other two do. */
  load(id: string): Worker;
  check(id: string): Promise<Worker>;
  setMaintenance(id: string, isOn: boolean): Promise<Worker>;
}

/** The registry in the words of the wire. `countLoad` says how many prompts of ours a worker has. */
export function createFleetView(
  registry: Pick<WorkerRegistry, 'list' | 'find' | 'setMaintenance'>,
  countLoad: (workerId: string) => number,
): FleetView {
  const load = (id: string) => {
    const worker = registry.find(id);
    if (!worker) throw new AppError('WORKER_NOT_FOUND');
    return worker;
  };
  const show = (snapshot: WorkerSnapshot) => toWorker(snapshot, countLoad(snapshot.id));
  return {
    list: () => registry.list().map(show),
    load: (id) => show(load(id).snapshot()),
    check: async (id) => {
      const worker = load(id);
      await worker.checkNow();
      return show(worker.snapshot());
    },
    setMaintenance: async (id, isOn) => {
      const worker = load(id);
      await registry.setMaintenance(worker.id, isOn);
      return show(worker.snapshot());
    },
  };
}

export function toWorker(snapshot: WorkerSnapshot, load: number): Worker {
  return {
    worker_id: snapshot.id,
    name: snapshot.name,
    url: snapshot.url,
    state: toState(snapshot, load),
    source: snapshot.source,
    load,
    max_concurrent: snapshot.maxConcurrent,
    capabilities: [...snapshot.capabilities],
    metadata: { ...snapshot.metadata },
    comfyui_version: snapshot.inventory?.version ?? null,
    devices: (snapshot.inventory?.devices ?? []).map((device) => ({ ...device })),
    last_heartbeat: snapshot.lastSeenMs === null ? null : new Date(snapshot.lastSeenMs).toISOString(),
    reason: snapshot.reason,
    socket: snapshot.socketState,
  };
}

function toState(snapshot: WorkerSnapshot, load: number): WorkerState {
  if (snapshot.state !== 'online') return snapshot.state;
  return load > 0 ? 'busy' : 'online';
}
