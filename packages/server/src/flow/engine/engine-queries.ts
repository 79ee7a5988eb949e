import type { TaskId, WorkerId } from '@comfleet/contract';
import type { WorkerRegistry } from '../../fleet/workers/registry.ts';
import type { Clock } from '../../platform/time/clock.ts';
import type { Forecast } from '../estimates/finish-forecast.ts';
import type { Forecasts } from '../estimates/forecasts.ts';
import type { Dispatcher } from '../execution/dispatcher.ts';
import { explainWaiting } from '../placement/explain.ts';
import type { PlacementBoard } from '../placement/placement-board.ts';
import type { PlacementRules } from '../placement/rules.ts';
import type { EmbeddedQueue } from '../queue/embedded-queue.ts';
import type { TaskRow } from '../tasks/task-tables.ts';
import { describePlacement } from './describe-placement.ts';
import type { PlacementState, PromptPlace, RunningAttempt, TaskOutlook, WaitReasons } from './engine.ts';
import { findPromptPlace } from './find-prompt-place.ts';
import type { TaskLanes } from './task-lanes.ts';
import type { WorkerLinks } from './worker-links.ts';

export interface QueryParts {
  readonly board: PlacementBoard;
  readonly queue: EmbeddedQueue;
  readonly lanes: TaskLanes;
  readonly forecasts: Forecasts;
  readonly dispatcher: Dispatcher;
  readonly links: WorkerLinks;
  readonly fleet: WorkerRegistry;
  readonly clock: Clock;
  readonly rules: () => PlacementRules;
}

/** The queries of the `Engine` interface. All are read-only except `recheck`, which may settle a prompt. */
export class EngineQueries {
  readonly #parts: QueryParts;

  constructor(parts: QueryParts) {
    this.#parts = parts;
  }

  /** Forecast for the task's current lane, which may differ from the one at its acceptance. */
  forecast(task: TaskRow): Forecast {
    const { forecasts, lanes } = this.#parts;
    return forecasts.forecast(task, lanes.find(task.requirements).key);
  }

  outlook(tasks: readonly TaskRow[]): ReadonlyMap<TaskId, TaskOutlook> {
    const { queue, forecasts } = this.#parts;
    const outlook = new Map<TaskId, TaskOutlook>();
    for (const task of tasks) {
      if (task.ended_at !== null) continue;
      const forecast = this.forecast(task);
      const position = queue.position(task.id);
      outlook.set(task.id, { ...forecast, position, secondsLeft: forecasts.secondsLeft(forecast) });
    }
    return outlook;
  }

  explain(task: TaskRow): WaitReasons {
    const { board, lanes, clock } = this.#parts;
    const rules = this.#parts.rules();
    const { key, needs } = lanes.find(task.requirements);
    const { passedSinceMs, ...reasons } = explainWaiting(
      board,
      { lane: board.findLane(key), needs, task: { ownerId: task.owner_id, projectId: task.project_id } },
      rules,
    );
    const passedMs = passedSinceMs === null ? null : clock.monotonicMs() - passedSinceMs;
    return { ...reasons, overtakenLimit: rules.bypass.starts, passedMs };
  }

  locate(id: TaskId): RunningAttempt | null {
    const { dispatcher, links } = this.#parts;
    const running = dispatcher.find(id);
    if (!running) return null;
    const { workerId, attempt } = running;
    const phase = links.findTracker(workerId)?.find(attempt.prompt_id)?.phase ?? null;
    return { workerId, promptId: attempt.prompt_id, phase };
  }

  async recheck(id: TaskId): Promise<PromptPlace | null> {
    const running = this.locate(id);
    if (!running) return null;
    const { fleet, links } = this.#parts;
    const { workerId, promptId } = running;
    const place = await findPromptPlace(fleet.find(workerId)?.http ?? null, { workerId, promptId });
    await links.findTracker(workerId)?.find(promptId)?.check();
    return place;
  }

  loads(): ReadonlyMap<WorkerId, number> {
    return new Map([...this.#parts.board.workers.values()].map(({ facts, load }) => [facts.id, load]));
  }

  describePlacement(): Promise<PlacementState> {
    const { board, queue, clock } = this.#parts;
    const { strategy } = this.#parts.rules();
    return describePlacement(board, queue, { strategy, nowMs: clock.monotonicMs() });
  }
}
