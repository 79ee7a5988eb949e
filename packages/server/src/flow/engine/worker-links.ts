import { findLeftOutOutputs, spellChoices } from '@comfleet/comfyui';
import type { WorkerId } from '@comfleet/contract';
import { isBelowVersion } from '../../fleet/workers/identity/comfyui-version.ts';
import { toWorkerKind } from '../../fleet/workers/inventory/worker-kind.ts';
import type { ConnectedWorker, WorkerRegistry } from '../../fleet/workers/registry.ts';
import type { Logger } from '../../platform/logging/logger.ts';
import type { Clock } from '../../platform/time/clock.ts';
import type { RunningWorker } from '../execution/attempt-runner.ts';
import type { ExecutionCounters } from '../execution/execution-counters.ts';
import { WorkerTracker } from '../execution/worker-tracker.ts';

/** The first version that reads `extra_data.preview_method`. */
const PREVIEW_METHOD_SINCE = '0.5.0';

export interface LinkDeps {
  fleet: WorkerRegistry;
  clock: Clock;
  logger: Logger;
  /** Prompts followed on all workers. */
  openEverywhere: () => number;
  counters: ExecutionCounters;
}

/** Execution's view of the fleet: one tracker for each worker, as long as the worker keeps its address. */
export class WorkerLinks {
  readonly #deps: LinkDeps;
  readonly #trackers = new Map<WorkerId, { worker: ConnectedWorker; tracker: WorkerTracker }>();

  constructor(deps: LinkDeps) {
    this.#deps = deps;
  }

  /** A worker as attempts use it; null when it is not in the fleet. */
  open(workerId: WorkerId): RunningWorker | null {
    const worker = this.#deps.fleet.find(workerId);
    if (!worker) return null;
    return {
      http: worker.http,
      tracker: this.#openTracker(worker),
      get socketId() {
        return worker.socket.socketId;
      },
      get takesPreviewMethod() {
        return !isBelowVersion(worker.inventory?.version ?? null, PREVIEW_METHOD_SINCE);
      },
      expectStatus: () => worker.socket.expectStatus(),
      markSuspect: () => worker.markSuspect(),
      recordServed: () => worker.recordServed(),
      spell: (graph) =>
        worker.inventory === null ? graph : spellChoices(graph, toWorkerKind(worker.inventory).choices),
      findLeftOut: (graph, executes) =>
        worker.inventory === null ? [] : findLeftOutOutputs(graph, executes, worker.inventory),
    };
  }

  /** The tracker of a worker; null if it never ran a prompt of ours at its address. */
  findTracker(workerId: WorkerId): WorkerTracker | null {
    return this.#trackers.get(workerId)?.tracker ?? null;
  }

  close(): void {
    for (const { tracker } of this.#trackers.values()) tracker.close();
  }

  #openTracker(worker: ConnectedWorker): WorkerTracker {
    const known = this.#trackers.get(worker.id);
    if (known?.worker === worker) return known.tracker;
    known?.tracker.close();
    const tracker = new WorkerTracker(worker, this.#deps);
    this.#trackers.set(worker.id, { worker, tracker });
    return tracker;
  }
}
