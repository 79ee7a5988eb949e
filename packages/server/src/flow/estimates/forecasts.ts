import type { TaskId, WorkerId } from '@comfleet/contract';
import type { Clock } from '../../platform/time/clock.ts';
import type { TaskRow } from '../tasks/task-tables.ts';
import { type Forecast, NO_FORECAST, Stations } from './finish-forecast.ts';
import type { OpenRun } from './open-runs.ts';
import { toWorkflowKey } from './run-durations.ts';
import type { RunEstimates } from './run-estimates.ts';

/**
 * What was worked out for a lane is used this many times as long as that took, so that it costs at most a twentieth of one
 * core: a list shows a thousand tasks of few lanes. With few workers that is no time at all.
 */
const LIFE_PER_COST = 20;
/** Lanes compared with another one; more are taken for strangers that have workers of their own. */
const MAX_COMPARED = 64;
/** Lanes kept at most. */
const MAX_KEPT = 1000;

/** What forecasts must know of the queue and the fleet. */
export interface Outlook {
  /** Tasks before this one: in its own lane, and in others. Null when it waits in none. */
  ahead(taskId: TaskId): { own: number; others: number } | null;
  /** Lanes with waiting tasks. */
  lanes(): readonly { lane: string; waiting: number }[];
  /** Workers in service that can run tasks of a lane, with how many tasks each was given, claims under way included. */
  serving(lane: string): readonly { workerId: WorkerId; load: number }[];
}

export interface ForecastDeps {
  estimates: RunEstimates;
  outlook: Outlook;
  clock: Pick<Clock, 'monotonicMs'>;
  nowMs: () => number;
}

/** A lane for a moment: its workers, and what of other lanes' tasks will take their time. */
interface LaneView {
  untilMs: number;
  stations: Stations;
  /** Share of the waiting tasks of other lanes that comes to these workers. */
  sharedPart: number;
  /** Mean run of those; null when none was measured. */
  strangerMs: number | null;
}

/** When waiting and running tasks will start and end, from measured runs only (TQ15). */
export class Forecasts {
  readonly #deps: ForecastDeps;
  readonly #lanes = new Map<string, LaneView>();

  constructor(deps: ForecastDeps) {
    this.#deps = deps;
  }

  /** `lane` is the key of the lane where it waits, if it does. */
  forecast(task: TaskRow, lane: string): Forecast {
    switch (task.state) {
      case 'running':
        return this.#ofRunning(task);
      case 'queued':
        return this.#ofWaiting(task, lane);
      case 'held':
        return task.held_reason === 'retry_delay' ? this.#from(task, task.due_at) : NO_FORECAST;
      default:
        return NO_FORECAST;
    }
  }

  /** Seconds until the end that is forecast; null without one. */
  secondsLeft({ endMs }: Forecast): number | null {
    return endMs === null ? null : Math.max(0, Math.round(endMs - this.#deps.nowMs()) / 1000);
  }

  #from(task: TaskRow, startMs: number | null): Forecast {
    const expectedMs = this.#deps.estimates.durations.expectedMs(toWorkflowKey(task), null);
    if (startMs === null || expectedMs === null) return { startMs, endMs: null };
    return { startMs, endMs: startMs + expectedMs };
  }

  #ofRunning(task: TaskRow): Forecast {
    const { estimates, nowMs } = this.#deps;
    const run = estimates.runs.find(task.id);
    // Its claim was stored a moment ago; we have not been told yet.
    if (!run) return this.#from(task, nowMs());
    const expectedMs = estimates.durations.expectedMs(run.key, run.workerId);
    const startMs = run.startedMs ?? this.#startOnWorker(run);
    if (startMs === null || expectedMs === null) return { startMs, endMs: null };
    return { startMs, endMs: Math.max(nowMs(), startMs + expectedMs) };
  }

  /** ComfyUI runs one prompt at a time: this one starts when those sent before it are done. */
  #startOnWorker(run: OpenRun): number | null {
    let atMs = this.#deps.nowMs();
    for (const other of this.#deps.estimates.runs.list(run.workerId)) {
      if (other === run) return atMs;
      const leftMs = this.#leftOf(other);
      if (leftMs === null) return null;
      atMs += leftMs;
    }
    return atMs;
  }

  #ofWaiting(task: TaskRow, lane: string): Forecast {
    const { durations } = this.#deps.estimates;
    const ownMs = durations.expectedMs(toWorkflowKey(task), null);
    if (ownMs === null) return NO_FORECAST;
    const { stations, sharedPart, strangerMs } = this.#viewLane(lane);
    // Taken from its lane a moment ago, on its way to a worker.
    const ahead = this.#deps.outlook.ahead(task.id) ?? { own: 0, others: 0 };
    const others = ahead.others * sharedPart;
    const count = ahead.own + others;
    const workMs = ahead.own * (durations.laneMs(lane) ?? ownMs) + others * (strangerMs ?? ownMs);
    const startMs = stations.startOf({ count, meanMs: count === 0 ? 0 : workMs / count });
    if (startMs === null) return NO_FORECAST;
    const fromMs = Math.max(this.#deps.nowMs(), startMs);
    return { startMs: fromMs, endMs: fromMs + ownMs };
  }

  #viewLane(lane: string): LaneView {
    const { clock, outlook, estimates } = this.#deps;
    const beganMs = clock.monotonicMs();
    const known = this.#lanes.get(lane);
    if (known && beganMs < known.untilMs) return known;
    const workers = outlook.serving(lane);
    const laneMs = estimates.durations.laneMs(lane) ?? 0;
    const stations = new Stations(workers.map((worker) => this.#freeAt(worker, laneMs)));
    const shared = this.#compare(lane, workers);
    const doneMs = clock.monotonicMs();
    const view = { untilMs: doneMs + (doneMs - beganMs) * LIFE_PER_COST, stations, ...shared };
    if (this.#lanes.size >= MAX_KEPT) this.#lanes.clear();
    this.#lanes.set(lane, view);
    return view;
  }

  /** Of each other lane, as much as this lane has of its workers. */
  #compare(
    lane: string,
    workers: ReturnType<Outlook['serving']>,
  ): Pick<LaneView, 'sharedPart' | 'strangerMs'> {
    const { outlook, estimates } = this.#deps;
    const own = new Set(workers.map(({ workerId }) => workerId));
    let [waiting, shared, workMs, measured] = [0, 0, 0, 0];
    for (const other of outlook.lanes().slice(0, MAX_COMPARED)) {
      if (other.lane === lane) continue;
      const serving = outlook.serving(other.lane);
      const common = serving.filter(({ workerId }) => own.has(workerId)).length;
      const coming = serving.length === 0 ? 0 : (other.waiting * common) / serving.length;
      const meanMs = estimates.durations.laneMs(other.lane);
      waiting += other.waiting;
      shared += coming;
      if (meanMs === null) continue;
      workMs += coming * meanMs;
      measured += coming;
    }
    return {
      sharedPart: waiting === 0 ? 0 : shared / waiting,
      strangerMs: measured === 0 ? null : workMs / measured,
    };
  }

  /** When a worker has done what it was given, as far as that is known; a claim under way counts as one of the lane. */
  #freeAt({ workerId, load }: { workerId: WorkerId; load: number }, laneMs: number): number {
    const { estimates, nowMs } = this.#deps;
    const runs = estimates.runs.list(workerId);
    const claimsMs = Math.max(0, load - runs.length) * laneMs;
    return runs.reduce((at, run) => at + (this.#leftOf(run) ?? 0), nowMs() + claimsMs);
  }

  #leftOf(run: OpenRun): number | null {
    const { estimates, nowMs } = this.#deps;
    const expectedMs = estimates.durations.expectedMs(run.key, run.workerId);
    if (expectedMs === null) return null;
    return run.startedMs === null ? expectedMs : Math.max(0, run.startedMs + expectedMs - nowMs());
  }
}
