import type { Worker, WorkerLog, WorkerState } from '@comfleet/contract';
import type { ConnectedWorker, WorkerRegistry, WorkerSnapshot } from '../fleet/workers/registry.ts';
import { AppError, toError } from '../platform/errors/app-error.ts';

/** The fleet as doors show it. */
export interface FleetView {
  list(): Worker[];
  /** Throws WORKER_NOT_FOUND, as the other two do. */
  load(id: string): Worker;
  check(id: string): Promise<Worker>;
  setMaintenance(id: string, isOn: boolean): Promise<Worker>;
  /** Closes the worker's socket, which then connects anew; answers as soon as the old one is gone. */
  reconnect(id: string): Promise<Worker>;
  /** The last lines of ComfyUI's own log, newest last. Throws WORKER_UNREACHABLE. */
  loadLogs(id: string, lines: number): Promise<WorkerLog>;
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
    reconnect: async (id) => {
      const worker = load(id);
      await dropSocket(worker);
      return show(worker.snapshot());
    },
    loadLogs: async (id, lines) => {
      const worker = load(id);
      const all = await worker.http.loadLogs().catch((thrown: unknown) => {
        const error = toError(thrown);
        throw new AppError('WORKER_UNREACHABLE', { cause: error.message }, { cause: error });
      });
      // An entry is one write to the console, its line break included; progress bars write carriage returns.
      const found = all
        .join('')
        .split(/[\r\n]+/)
        .filter((line) => line !== '');
      return { worker_id: worker.id, name: worker.name, lines: found.slice(-lines) };
    },
  };
}

/** A socket that is not open is connecting anew by itself. */
async function dropSocket({ socket }: Pick<ConnectedWorker, 'socket'>): Promise<void> {
  if (socket.state.phase !== 'open') return;
  await new Promise<void>((resolve) => {
    const stop = socket.onState(({ phase }) => {
      if (phase === 'open') return;
      stop();
      resolve();
    });
    socket.reopen('asked for');
  });
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
