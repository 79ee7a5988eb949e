import type { EstimateError, Progress, TaskId, WorkerId } from '@comfleet/contract';
import type { Database } from '../../platform/database/database.ts';
import { parseRequirements, type TaskRequirements } from '../tasks/requirements.ts';
import type { TaskEventRow, TaskRow, TaskTables } from '../tasks/task-tables.ts';
import { EstimateErrors, type Expectation } from './estimate-errors.ts';
import type { Forecast } from './finish-forecast.ts';
import { type EndedRun, loadEndedRuns, loadOpenRuns } from './measured-runs.ts';
import { type OpenRun, OpenRuns } from './open-runs.ts';
import { RunDurations, toWorkflowKey } from './run-durations.ts';

type Run = Pick<
  EndedRun,
  'key' | 'workerId' | 'startedMs' | 'endedMs' | 'acceptedMs' | 'workflow' | 'taskType'
>;

/** Learns from runs how long they take, and how far off estimates were. Follows task events; loads recent runs at a start. */
export class RunEstimates {
  readonly durations = new RunDurations();
  readonly runs = new OpenRuns();
  readonly #database: Database<TaskTables>;
  /** Key of the models that a task runs with; empty for none. */
  readonly #modelsOf: (requirements: TaskRequirements) => string;
  readonly #errors = new EstimateErrors();
  /** Models of the last run on each worker; absent when unknown. */
  readonly #loaded = new Map<string, string>();
  /** Estimates for tasks that have not ended. */
  readonly #expected = new Map<string, Expectation>();

  constructor(database: Database<TaskTables>, modelsOf: (requirements: TaskRequirements) => string) {
    this.#database = database;
    this.#modelsOf = modelsOf;
  }

  /** Loads runs measured before this start, and attempts that an earlier process left open. */
  async load(): Promise<void> {
    for (const run of await loadEndedRuns(this.#database)) {
      this.#learn(run, this.#modelsOf(parseRequirements(run.requirements)));
      if (run.expected) this.#errors.record(run, JSON.parse(run.expected) as Partial<Expectation>);
    }
    for (const run of await loadOpenRuns(this.#database)) this.runs.add(run);
  }

  /** Records a change of a task; called after each commit. */
  record(task: TaskRow, event: TaskEventRow, progress: Progress | null): void {
    const run = this.runs.find(task.id);
    this.runs.record(task, event);
    if (run && task.state !== 'running') this.#recordEnd(run, { task, endedMs: event.at, progress });
    if (task.ended_at !== null) this.#expected.delete(task.id);
  }

  /** A task started to run on its worker. */
  recordStart(taskId: TaskId, atMs: number): void {
    this.runs.recordStart(taskId, atMs);
  }

  /** A worker went offline: it will have no models loaded when it returns. */
  forgetModels(workerId: WorkerId): void {
    this.#loaded.delete(workerId);
  }

  /** Stores the forecast at acceptance, to compare it with the actual end. */
  recordForecast(taskId: TaskId, { endMs }: Forecast): void {
    // A requeued task keeps its forecast from acceptance.
    if (endMs === null || this.#expected.get(taskId)?.expected_end_ms != null) return;
    const expectedMs = this.#expected.get(taskId)?.expected_ms ?? null;
    this.#expected.set(taskId, { expected_ms: expectedMs, expected_end_ms: endMs });
  }

  /** Details for a claim's event: estimated run time and end; null without measurements. */
  describeClaim(task: TaskRow, workerId: WorkerId): Record<string, unknown> {
    const expectedMs = this.durations.expectedMs(toWorkflowKey(task), workerId);
    const expectation: Expectation = {
      expected_ms: expectedMs === null ? null : Math.round(expectedMs),
      expected_end_ms: this.#expected.get(task.id)?.expected_end_ms ?? null,
    };
    this.#expected.set(task.id, expectation);
    return { ...expectation };
  }

  /** How far off estimates were, by workflow. */
  errors(): EstimateError[] {
    return this.#errors.list();
  }

  #recordEnd(run: OpenRun, end: { task: TaskRow; endedMs: number; progress: Progress | null }): void {
    const { task, endedMs, progress } = end;
    const models = this.#modelsOf(parseRequirements(task.requirements));
    // Cached results show nothing about how long the work takes.
    const wasCached =
      progress !== null && progress.nodes_cached > 0 && progress.nodes_cached === progress.nodes_total;
    if (task.state !== 'succeeded' || run.startedMs === null || !run.measurable || wasCached) {
      if (models !== '' && run.startedMs !== null) this.#loaded.set(run.workerId, models);
      return;
    }
    const measured: Run = {
      key: run.key,
      workerId: run.workerId,
      startedMs: run.startedMs,
      endedMs,
      acceptedMs: task.created_at,
      workflow: task.workflow_name,
      taskType: task.task_type,
    };
    this.#learn(measured, models);
    this.#errors.record(measured, this.#expected.get(task.id) ?? {});
  }

  #learn({ key, workerId, startedMs, endedMs }: Run, models: string): void {
    const warm = models === '' || this.#loaded.get(workerId) === models;
    this.durations.learn({ key, workerId, durationMs: endedMs - startedMs, warm });
    // A task without models leaves the loaded ones in place.
    if (models !== '') this.#loaded.set(workerId, models);
  }
}
