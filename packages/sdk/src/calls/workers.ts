import {
  type CheckedWorker,
  checkedWorkerSchema,
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

  /** In maintenance a worker takes no new task. */
  async setMaintenance(workerId: string, on: boolean, options: CallOptions = {}): Promise<Worker> {
    return await this.#transport.json(
      {
        ...options,
        method: 'POST',
        path: `${pathOf(workerId)}/maintenance`,
        body: writeJson({ on }),
        repeatable: true,
      },
      workerSchema,
    );
  }

  /** Has the server close the worker's socket and connect anew. Running tasks go on. */
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
