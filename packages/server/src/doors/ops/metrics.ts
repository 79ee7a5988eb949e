import { TASK_STATES, WORKER_STATES } from '@comfleet/contract';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Flow } from '../../flow/flow.ts';
import type { HttpServer } from '../../platform/http/http-server.ts';
import type { StreamSlots } from '../../platform/http/stream-slots.ts';
import type { FleetView } from '../fleet-view.ts';

export interface MetricsDeps {
  flow: Pick<Flow, 'stats'>;
  fleet: FleetView;
  slots: StreamSlots;
  version: string;
}

/** Numbers for Prometheus. Workers are counted by state, not listed, so that a large fleet stays cheap. */
export function createMetrics({ flow, fleet, slots, version }: MetricsDeps): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  new Gauge({
    name: 'comfleet_info',
    help: 'Version of the server.',
    labelNames: ['version'],
    registers,
    collect() {
      this.set({ version }, 1);
    },
  });
  new Gauge({
    name: 'comfleet_tasks',
    help: 'Tasks that have not ended, by state.',
    labelNames: ['state'],
    registers,
    collect() {
      const { waiting, held, running } = flow.stats();
      this.set({ state: 'queued' }, waiting);
      this.set({ state: 'held' }, held);
      this.set({ state: 'running' }, running);
    },
  });
  addFinishedCounter(registry, flow);
  new Gauge({
    name: 'comfleet_workers',
    help: 'Workers by state.',
    labelNames: ['state'],
    registers,
    collect() {
      const workers = fleet.list();
      for (const state of WORKER_STATES) {
        this.set({ state }, workers.filter((worker) => worker.state === state).length);
      }
    },
  });
  new Gauge({
    name: 'comfleet_streams',
    help: 'Open event streams and live sockets.',
    registers,
    collect() {
      this.set(slots.total);
    },
  });
  return registry;
}

function addFinishedCounter(registry: Registry, flow: Pick<Flow, 'stats'>): void {
  new Counter({
    name: 'comfleet_tasks_finished_total',
    help: 'Tasks that ended since the start, by how.',
    labelNames: ['state'],
    registers: [registry],
    collect() {
      this.reset();
      const { finishedBy } = flow.stats();
      for (const state of TASK_STATES) {
        const count = finishedBy[state];
        if (count !== undefined) this.inc({ state }, count);
      }
    },
  });
}

/** Measures every answer of the server by method, route and status. */
export function measureRequests(app: HttpServer, registry: Registry): void {
  const duration = new Histogram({
    name: 'comfleet_http_request_seconds',
    help: 'Time to answer.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    registers: [registry],
  });
  app.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'unknown';
    duration.observe(
      { method: request.method, route, status: String(reply.statusCode) },
      reply.elapsedTime / 1000,
    );
  });
}
