import {
  type ChangeWorker,
  type CheckedWorker,
  checkedWorkerSchema,
  type RegisterWorker,
  type RemovedWorker,
  type RemoveMode,
  removedWorkerSchema,
  type Worker,
  type WorkerEventList,
  type WorkerLog,
  workerEventListSchema,
  workerListSchema,
  workerLogSchema,
  workerSchema,
} from '@comfleet/contract';
import { writeJson } from '../http/json-text.ts';
import type { CallOptions, HttpTransport } from '../http/transport.ts';

/** What an admin decides of a worker besides its settings. */
export interface WorkerOverride {
  /** Accepts no new tasks, and does not become offline. */
  readonly maintenance?: boolean;
  /** Finishes what it has and accepts no new tasks. */
  readonly draining?: boolean;
  /** Whatever the server's file says. */
  readonly enabled?: boolean;
}

/** Each override with the end of its path. */
const OVERRIDES = [
  ['maintenance', 'maintenance'],
  ['draining', 'drain'],
  ['enabled', 'enabled'],
] as const;

/** Everything about the ComfyUI servers of the fleet. */
export class WorkerCalls {
  readonly #transport: HttpTransport;

  constructor(transport: HttpTransport) {
    this.#transport = transport;
  }

  async list(options: CallOptions = {}): Promise<Worker[]> {
    const request = { ...options, method: 'GET', path: '/api/fleet/workers' } as const;
    return (await this.#transport.json(request, workerListSchema)).workers;
  }

  async load(workerId: string, options: CallOptions = {}): Promise<Worker> {
    return await this.#transport.json({ ...options, method: 'GET', path: pathOf(workerId) }, workerSchema);
  }

  /** Asks the worker now whether it answers; `check` is what this one found. */
  async check(workerId: string, options: CallOptions = {}): Promise<CheckedWorker> {
    const request = {
      ...options,
      method: 'POST',
      path: `${pathOf(workerId)}/check`,
      repeatable: true,
    } as const;
    return await this.#transport.json(request, checkedWorkerSchema);
  }

  /** From now on the ComfyUI that answers on the worker's address is the right one. */
  async accept(workerId: string, options: CallOptions = {}): Promise<CheckedWorker> {
    const path = `${pathOf(workerId)}/accept`;
    const request = { ...options, method: 'POST', path, repeatable: true } as const;
    return await this.#transport.json(request, checkedWorkerSchema);
  }

  /** What happened to one worker, or to all (null), newest first; `cursor` is `next_cursor` of the page before. */
  async listEvents(
    workerId: string | null,
    options: CallOptions & { readonly limit?: number; readonly cursor?: string } = {},
  ): Promise<WorkerEventList> {
    const { limit, cursor, ...call } = options;
    const path = workerId === null ? '/api/fleet/events' : `${pathOf(workerId)}/events`;
    const request = { ...call, method: 'GET', path, query: { limit, cursor } } as const;
    return await this.#transport.json(request, workerEventListSchema);
  }

  /** Takes a ComfyUI server into the fleet; it must answer. */
  async register(worker: RegisterWorker, options: CallOptions = {}): Promise<Worker> {
    const path = '/api/fleet/workers';
    return await this.#transport.json(
      { ...options, method: 'POST', path, body: writeJson(worker) },
      workerSchema,
    );
  }

  /** Changes what stands in `changes`. Workers of the server's file are changed there. */
  async change(workerId: string, changes: ChangeWorker, options: CallOptions = {}): Promise<Worker> {
    const request = {
      ...options,
      method: 'PATCH',
      path: pathOf(workerId),
      body: writeJson(changes),
    } as const;
    return await this.#transport.json(request, workerSchema);
  }

  /** `wait` (unless told): it goes when its tasks are done; `move`: now, and its tasks move to others. */
  async remove(
    workerId: string,
    options: CallOptions & { readonly mode?: RemoveMode } = {},
  ): Promise<RemovedWorker> {
    const { mode, ...call } = options;
    const request = { ...call, method: 'DELETE', path: pathOf(workerId), query: { mode } } as const;
    return await this.#transport.json(request, removedWorkerSchema);
  }

  /** Sets what the server's file says otherwise, and returns the worker after it. The rest stays as it is. */
  async override(workerId: string, override: WorkerOverride, options: CallOptions = {}): Promise<Worker> {
    let worker: Worker | null = null;
    for (const [name, path] of OVERRIDES) {
      const on = override[name];
      if (on === undefined) continue;
      const body = writeJson({ on });
      const request = { ...options, method: 'POST', path: `${pathOf(workerId)}/${path}`, body } as const;
      worker = await this.#transport.json({ ...request, repeatable: true }, workerSchema);
    }
    return worker ?? (await this.load(workerId, options));
  }

  /** Asks the worker now which node classes and models it has. */
  async refreshInventory(workerId: string, options: CallOptions = {}): Promise<Worker> {
    const path = `${pathOf(workerId)}/inventory`;
    return await this.#transport.json({ ...options, method: 'POST', path, repeatable: true }, workerSchema);
  }

  /** Has the server close the worker's socket and reconnect. Running tasks go on. */
  async reconnect(workerId: string, options: CallOptions = {}): Promise<Worker> {
    const path = `${pathOf(workerId)}/reconnect`;
    return await this.#transport.json({ ...options, method: 'POST', path, repeatable: true }, workerSchema);
  }

  /** The last lines of ComfyUI's own log, newest last; 200 unless told. */
  async loadLogs(
    workerId: string,
    options: CallOptions & { readonly lines?: number } = {},
  ): Promise<WorkerLog> {
    const { lines, ...call } = options;
    const request = { ...call, method: 'GET', path: `${pathOf(workerId)}/logs`, query: { lines } } as const;
    return await this.#transport.json(request, workerLogSchema);
  }
}

function pathOf(workerId: string): string {
  return `/api/fleet/workers/${encodeURIComponent(workerId)}`;
}
