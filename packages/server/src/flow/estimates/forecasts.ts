import type { TaskId, WorkerId } from '@comfleet/contract';
import type { Clock } from '../../platform/time/clock.ts';
import type { TaskRow } from '../tasks/task-tables.ts';
import { type Forecast, NO_FORECAST, Stations } from './finish-forecast.ts';
import type { OpenRun } from './open-runs.ts';
import { toWorkflowKey } from './run-durations.ts';
import type { RunEstimates } from './run-estimates.ts';

/**
 * A lane's view is reused for this many times its computing time, so that forecasts take at most a twentieth of one core: a list
 * shows a thousand tasks of few lanes. With few workers that is almost no time.
 */
const LIFE_PER_COST = 20;
/** How many lanes are compared with a lane; further ones count as having workers of their own. */
const MAX_COMPARED = 64;
/** How many lane views are kept. */
const MAX_VIEWS = 1000;

/** What forecasts need to know about the queue and the fleet. */
export interface Outlook {
  /** How many tasks are before this one, in its own lane and in others. Null when it waits in none. */
  ahead(taskId: TaskId): { own: number; others: number } | null;
  /** Lanes with waiting tasks. */
  lanes(): readonly { lane: string; waiting: number }[];
  /** Workers in service for a lane, with their number of tasks, including claims in progress. */
  serving(lane: string): readonly { workerId: WorkerId; load: number }[];
}

export interface ForecastDeps {
  estimates: RunEstimates;
  outlook: Outlook;
  clock: Pick<Clock, 'monotonicMs'>;
  nowMs: () => number;
}

/** A lane at one moment: its workers, and the tasks of other lanes that will occupy them. */
interface LaneView {
  untilMs: number;
  stations: Stations;
  /** Share of the waiting tasks of other lanes that these workers will get. */
  sharedPart: number;
  /** Mean run time of these tasks; null without measurements. */
  strangerMs: number | null;
}

/** When waiting and running tasks will start and end, from measured runs only (TQ15). */
export class Forecasts {
  readonly #deps: ForecastDeps;
  readonly #lanes = new Map<string, LaneView>();

  constructor(deps: ForecastDeps) {
    this.#deps = deps;
  }

  /** Forecasts a task; `lane` is the key of its lane, if it waits. */
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

  /** Seconds until the forecast end; null without one. */
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
    // Its claim was stored just now, and its event is not here yet.
    if (!run) return this.#from(task, nowMs());
    const expectedMs = estimates.durations.expectedMs(run.key, run.workerId);
    const startMs = run.startedMs ?? this.#startOnWorker(run);
    if (startMs === null || expectedMs === null) return { startMs, endMs: null };
    return { startMs, endMs: Math.max(nowMs(), startMs + expectedMs) };
  }

  /** ComfyUI runs one prompt at a time, so this one starts when the earlier ones are done. */
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
    // It has just left its lane, and is being sent to a worker.
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
    if (this.#lanes.size >= MAX_VIEWS) this.#lanes.clear();
    this.#lanes.set(lane, view);
    return view;
  }

  /** Compares with other lanes: each counts by the share of its workers that also serve this lane. */
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

  /** When a worker will have finished its prompts, as far as known; a claim in progress counts as one of the lane. */
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
