import {
  type Worker,
  type WorkerLog,
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

  /** Asks the worker now whether it answers. */
  async check(workerId: string, options: CallOptions = {}): Promise<Worker> {
    const request = {
      ...options,
      method: 'POST',
      path: `${pathOf(workerId)}/check`,
      repeatable: true,
    } as const;
    return await this.#transport.json(request, workerSchema);
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
