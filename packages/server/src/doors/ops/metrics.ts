import { WORKER_STATES } from '@comfleet/contract';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { EngineStats, StatisticsCalls } from '../../flow/calls/statistics/statistics-calls.ts';

import type { HttpServer } from '../../platform/http/http-server.ts';
import type { StreamSlots } from '../../platform/http/stream-slots.ts';
import type { FleetView } from '../fleet-view.ts';

export interface MetricsDeps {
  statistics: Stats;
  fleet: FleetView;
  slots: StreamSlots;
  version: string;
}

/** Metrics for Prometheus. Workers are counted by state, not listed, so that a large fleet stays cheap. */
export function createMetrics({ statistics, fleet, slots, version }: MetricsDeps): Registry {
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
    async collect() {
      const { waiting, held, running } = await statistics.engine();
      this.set({ state: 'queued' }, waiting);
      this.set({ state: 'held' }, held);
      this.set({ state: 'running' }, running);
    },
  });
  addEngineCounters(registry, statistics);
  new Gauge({
    name: 'comfleet_workers',
    help: 'Workers by state.',
    labelNames: ['state'],
    registers,
    async collect() {
      const workers = await fleet.list();
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

type Stats = Pick<StatisticsCalls, 'engine'>;

function addEngineCounters(registry: Registry, statistics: Stats): void {
  addCounter(registry, statistics, {
    name: 'comfleet_tasks_finished_total',
    help: 'Tasks that ended since the start, by how.',
    label: 'state',
    read: ({ finished }) => finished,
  });
  addCounter(registry, statistics, {
    name: 'comfleet_finished_by_total',
    help: 'Tasks that succeeded, by what told us first: socket, watchdog (our polling), check, adoption.',
    label: 'source',
    read: ({ finishedBy }) => finishedBy,
  });
  addCounter(registry, statistics, {
    name: 'comfleet_overlap_possible_total',
    help: 'Tasks sent elsewhere while their old prompt might still run on a worker that did not answer.',
    read: ({ overlapPossible }) => ({ all: overlapPossible }),
  });
  addCounter(registry, statistics, {
    name: 'comfleet_late_prompts_stopped_total',
    help: 'Prompts that turned up on a worker after their task had gone elsewhere, and were stopped.',
    read: ({ lateStopped }) => ({ all: lateStopped }),
  });
  addCounter(registry, statistics, {
    name: 'comfleet_foreign_ends_total',
    help: 'End messages of prompts that are not ours, ignored.',
    read: ({ foreignEnds }) => ({ all: foreignEnds }),
  });
  addCounter(registry, statistics, {
    name: 'comfleet_retries_delayed_total',
    help: 'Retries that waited because too many others were running.',
    read: ({ retriesDelayed }) => ({ all: retriesDelayed }),
  });
}

/** Adds a counter that the engine keeps itself; without a label it has one value. */
function addCounter(
  registry: Registry,
  statistics: Stats,
  counter: {
    name: string;
    help: string;
    label?: string;
    read: (stats: EngineStats) => Readonly<Record<string, number>>;
  },
): void {
  const { name, help, label, read } = counter;
  new Counter({
    name,
    help,
    labelNames: label === undefined ? [] : [label],
    registers: [registry],
    async collect() {
      const stats = await statistics.engine();
      this.reset();
      for (const [value, count] of Object.entries(read(stats)))
        this.inc(label === undefined ? {} : { [label]: value }, count);
    },
  });
}

/** Measures every response of the server by method, route and status. */
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
