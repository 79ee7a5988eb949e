import type {
  AssetId,
  Attempt,
  Result,
  Task,
  TaskDetail,
  TaskEvent,
  TaskId,
  WorkerId,
} from '@comfleet/contract';
import type { TaskText } from '@comfleet/contract/texts/tasks';
import type { WorkerRegistry } from '../../../fleet/workers/registry.ts';
import type { Database } from '../../../platform/database/database.ts';
import type { BlobStore } from '../../assets/blob-store.ts';
import { findResults, loadText } from '../../assets/results.ts';
import type { Engine } from '../../engine/engine.ts';
import type { LiveUpdates } from '../../events/live-updates.ts';
import type { FlowTables } from '../../flow-tables.ts';
import type { OwnerFilter } from '../../ownership/owner-filter.ts';
import {
  findTaskWarnings,
  listVisibleTasks,
  loadAttempts,
  loadEventRows,
  loadFingerprints,
  loadVisibleTask,
  type TaskSelection,
} from '../../tasks/task-queries.ts';
import type { TaskEventRow, TaskRow } from '../../tasks/task-tables.ts';
import { toAttempt, toResult, toTask, toTaskEvent } from './task-view.ts';

export interface ViewDeps {
  database: Database<FlowTables>;
  blobs: BlobStore;
  fleet: Pick<WorkerRegistry, 'nameWorkers'>;
  engine: Pick<Engine, 'outlook'>;
  live: Pick<LiveUpdates, 'progressOf'>;
  /** Signed link to an asset's bytes. */
  linkTo: (assetId: AssetId) => string;
}

/** Builds views of tasks from their rows, and from engine, estimates and live updates. */
export class TaskViews {
  readonly #deps: ViewDeps;

  constructor(deps: ViewDeps) {
    this.#deps = deps;
  }

  async view(task: TaskRow): Promise<Task> {
    const [viewed] = await this.viewAll([task]);
    if (!viewed) throw new Error('a task has exactly one view');
    return viewed;
  }

  async viewAll(tasks: readonly TaskRow[]): Promise<Task[]> {
    const { engine, live } = this.#deps;
    const [results, warnings, names] = await Promise.all([
      this.#loadResults(tasks),
      this.#loadWarnings(tasks),
      this.#nameWorkers(tasks),
    ]);
    const open = tasks.filter((task) => task.ended_at === null);
    const outlook = open.length === 0 ? null : await engine.outlook(open);
    return tasks.map((task) =>
      toTask(task, {
        workerName: readName(names, task.worker_id),
        progress: live.progressOf(task.id),
        outlook: outlook?.get(task.id) ?? null,
        results: results.get(task.id) ?? [],
        warnings: warnings.get(task.id) ?? [],
      }),
    );
  }

  async loadDetail(owner: OwnerFilter, id: TaskId): Promise<TaskDetail> {
    const row = await loadVisibleTask(this.#deps.database, owner, id);
    return { ...(await this.view(row)), attempts: await this.#loadAttempts(id) };
  }

  /** Lists the attempts of a task, oldest first. */
  async listAttempts(owner: OwnerFilter, id: TaskId): Promise<Attempt[]> {
    await loadVisibleTask(this.#deps.database, owner, id);
    return this.#loadAttempts(id);
  }

  async list(owner: OwnerFilter, selection: TaskSelection) {
    const { rows, total, nextCursor } = await listVisibleTasks(this.#deps.database, owner, selection);
    return { tasks: await this.viewAll(rows), total, nextCursor };
  }

  async loadEvents(owner: OwnerFilter, id: TaskId, after: number): Promise<TaskEvent[]> {
    await loadVisibleTask(this.#deps.database, owner, id);
    const rows = await loadEventRows(this.#deps.database, id, after);
    const names = await this.#nameWorkers(rows);
    return rows.map((row) => toTaskEvent(row, readName(names, row.worker_id)));
  }

  /** Converts an event for watchers. */
  async viewEvent(row: TaskEventRow): Promise<TaskEvent> {
    return toTaskEvent(row, readName(await this.#nameWorkers([row]), row.worker_id));
  }

  async #loadAttempts(id: TaskId): Promise<Attempt[]> {
    const { database } = this.#deps;
    const [attempts, fingerprints] = await Promise.all([
      loadAttempts(database, id),
      loadFingerprints(database, id),
    ]);
    const names = await this.#nameWorkers(attempts);
    return attempts.map((attempt) =>
      toAttempt(attempt, {
        workerName: readName(names, attempt.worker_id) ?? attempt.worker_id,
        fingerprint: fingerprints.get(attempt.id) ?? null,
      }),
    );
  }

  #nameWorkers(rows: readonly { worker_id: WorkerId | null }[]): Promise<ReadonlyMap<string, string>> {
    return this.#deps.fleet.nameWorkers(rows.flatMap(({ worker_id: id }) => id ?? []));
  }

  /** Loads warnings; an open task has none about its end yet. */
  async #loadWarnings(tasks: readonly TaskRow[]): Promise<Map<TaskId, TaskText[]>> {
    const ended = tasks.filter(({ state }) => state === 'succeeded' || state === 'failed');
    return findTaskWarnings(
      this.#deps.database,
      ended.map((task) => task.id),
    );
  }

  async #loadResults(tasks: readonly TaskRow[]): Promise<Map<string | null, Result[]>> {
    const { database, blobs, linkTo } = this.#deps;
    const succeeded = tasks.filter((task) => task.state === 'succeeded').map((task) => task.id);
    const results = new Map<string | null, Result[]>();
    if (succeeded.length === 0) return results;
    for (const asset of await findResults(database, succeeded)) {
      const text = asset.kind === 'text' ? await loadText(blobs, asset) : null;
      const result = toResult(asset, { url: linkTo(asset.id), text });
      results.set(asset.task_id, [...(results.get(asset.task_id) ?? []), result]);
    }
    return results;
  }
}

function readName(names: ReadonlyMap<string, string>, workerId: WorkerId | null): string | null {
  return workerId === null ? null : (names.get(workerId) ?? null);
}
