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

/**
 * What is learned from runs: how long they take, and how far off it was expected. It follows the events of tasks; after a
 * start it takes in the last runs from SQL.
 */
export class RunEstimates {
  readonly durations = new RunDurations();
  readonly runs = new OpenRuns();
  readonly #database: Database<TaskTables>;
  /** The models that a task runs with, as one key; empty for none. */
  readonly #modelsOf: (requirements: TaskRequirements) => string;
  readonly #errors = new EstimateErrors();
  /** Models of the last run on each worker; absent when unknown. */
  readonly #loaded = new Map<string, string>();
  /** What was expected of tasks that have not ended. */
  readonly #expected = new Map<string, Expectation>();

  constructor(database: Database<TaskTables>, modelsOf: (requirements: TaskRequirements) => string) {
    this.#database = database;
    this.#modelsOf = modelsOf;
  }

  /** Takes in what was measured before the start, and what an earlier process left running. */
  async load(): Promise<void> {
    for (const run of await loadEndedRuns(this.#database)) {
      this.#learn(run, this.#modelsOf(parseRequirements(run.requirements)));
      if (run.expected) this.#errors.record(run, JSON.parse(run.expected) as Partial<Expectation>);
    }
    for (const run of await loadOpenRuns(this.#database)) this.runs.add(run);
  }

  /** Follows what happened to a task; called after each commit. */
  record(task: TaskRow, event: TaskEventRow, progress: Progress | null): void {
    const run = this.runs.find(task.id);
    this.runs.record(task, event);
    if (run && task.state !== 'running') this.#recordEnd(run, { task, endedMs: event.at, progress });
    if (task.ended_at !== null) this.#expected.delete(task.id);
  }

  /** A task began to run on its worker. */
  recordStart(taskId: TaskId, atMs: number): void {
    this.runs.recordStart(taskId, atMs);
  }

  /** A worker went away: whatever comes back has nothing loaded. */
  forgetModels(workerId: WorkerId): void {
    this.#loaded.delete(workerId);
  }

  /** Keeps what was forecast when a task was accepted, to be compared with what comes. */
  recordForecast(taskId: TaskId, { endMs }: Forecast): void {
    // A task that comes back into its lane keeps what was said when it was accepted.
    if (endMs === null || this.#expected.get(taskId)?.expected_end_ms != null) return;
    const expectedMs = this.#expected.get(taskId)?.expected_ms ?? null;
    this.#expected.set(taskId, { expected_ms: expectedMs, expected_end_ms: endMs });
  }

  /** Details of a claim's event: the run time and the end that are expected; null where nothing was measured. */
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
    // Results that ComfyUI still had say nothing about how long making them takes.
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
    // What needs no models leaves those that are loaded.
    if (models !== '') this.#loaded.set(workerId, models);
  }
}
