import {
  type NodePerformanceList,
  nodePerformanceSchema,
  type PerformanceGroup,
  type TaskPerformance,
  taskPerformanceSchema,
} from '@comfleet/contract';
import type { CallOptions, HttpTransport } from '../http/transport.ts';
import { type Download, openDownload } from './download.ts';

/** Which days: `days` (1–366, default 30) up to and including `until` (`2026-03-29`, default today). */
export interface PerformancePeriod {
  readonly days?: number | undefined;
  readonly until?: string | undefined;
}

/** Which tasks; what is absent does not narrow. */
export interface PerformanceFilter extends PerformancePeriod {
  readonly group_by?: PerformanceGroup | undefined;
  readonly project_id?: string | undefined;
  /** A workflow's name. */
  readonly workflow?: string | undefined;
  /** A worker's id. */
  readonly worker?: string | undefined;
}

/** Of everyone: also of one user or client, by id. */
export interface AllPerformanceFilter extends PerformanceFilter {
  readonly user?: string | undefined;
}

const ADMIN = '/api/v2/admin/performance';

/** Statistics of ended tasks: counts, waits and runs with percentiles. */
export class PerformanceCalls {
  readonly #transport: HttpTransport;

  constructor(transport: HttpTransport) {
    this.#transport = transport;
  }

  /** Of the caller's own tasks, or of a project of the caller. */
  own(filter: PerformanceFilter = {}, options: CallOptions = {}): Promise<TaskPerformance> {
    const request = {
      ...options,
      method: 'GET',
      path: '/api/v2/performance',
      query: toQuery(filter),
    } as const;
    return this.#transport.json(request, taskPerformanceSchema);
  }

  /** Of everyone's tasks. Needs the permission `tasks.see_all`. */
  tasks(filter: AllPerformanceFilter = {}, options: CallOptions = {}): Promise<TaskPerformance> {
    const request = { ...options, method: 'GET', path: `${ADMIN}/tasks`, query: toQuery(filter) } as const;
    return this.#transport.json(request, taskPerformanceSchema);
  }

  /** The groups of the same as a CSV file. */
  export(filter: AllPerformanceFilter = {}, options: CallOptions = {}): Promise<Download> {
    return openDownload(this.#transport, `${ADMIN}/tasks/export`, { ...options, query: toQuery(filter) });
  }

  /** Of each worker. Needs the permission `fleet.see`. */
  nodes(period: PerformancePeriod = {}, options: CallOptions = {}): Promise<NodePerformanceList> {
    const request = { ...options, method: 'GET', path: `${ADMIN}/nodes`, query: toQuery(period) } as const;
    return this.#transport.json(request, nodePerformanceSchema);
  }
}

function toQuery({ days, ...others }: AllPerformanceFilter): Record<string, string | undefined> {
  return { ...others, days: days === undefined ? undefined : String(days) };
}
