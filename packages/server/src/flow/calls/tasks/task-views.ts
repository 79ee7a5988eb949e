import type { Task, TaskDetail, TaskEvent, TaskId } from '@comfleet/contract';
import type { Database } from '../../../platform/database/database.ts';
import type { AssetRow, TaskRow } from '../../../platform/database/schema.ts';
import type { OwnerFilter } from '../../tasks/actor.ts';
import {
  listVisibleTasks,
  loadAttempts,
  loadEventRows,
  loadVisibleTask,
  type TaskSelection,
} from '../../tasks/task-queries.ts';
import { type TaskContext, toAttempt, toTask, toTaskEvent } from './task-view.ts';

export interface ViewDeps {
  database: Database;
  /** Results of tasks, in order. */
  loadAssets: (taskIds: readonly string[]) => Promise<AssetRow[]>;
  loadText: (asset: AssetRow) => Promise<string | null>;
  context: Omit<TaskContext, 'text'>;
}

/** Builds what people see of tasks from rows. */
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
    const ended = tasks.filter((task) => task.state === 'succeeded').map((task) => task.id);
    const assets = ended.length > 0 ? await this.#deps.loadAssets(ended) : [];
    const texts = await this.#loadTexts(assets);
    const context: TaskContext = { ...this.#deps.context, text: (id) => texts.get(id) ?? null };
    const byTask = groupByTask(assets);
    return tasks.map((task) => toTask(task, byTask.get(task.id) ?? [], context));
  }

  async loadDetail(owner: OwnerFilter, id: TaskId): Promise<TaskDetail> {
    const row = await loadVisibleTask(this.#deps.database, owner, id);
    const attempts = await loadAttempts(this.#deps.database, id);
    const name = (workerId: string) => this.#deps.context.workerName(workerId) ?? workerId;
    return {
      ...(await this.view(row)),
      attempts: attempts.map((attempt) => toAttempt(attempt, name(attempt.worker_id))),
    };
  }

  async list(owner: OwnerFilter, selection: TaskSelection) {
    const { rows, total, nextCursor } = await listVisibleTasks(this.#deps.database, owner, selection);
    return { tasks: await this.viewAll(rows), total, nextCursor };
  }

  async loadEvents(owner: OwnerFilter, id: TaskId, after: number): Promise<TaskEvent[]> {
    await loadVisibleTask(this.#deps.database, owner, id);
    return (await loadEventRows(this.#deps.database, id, after)).map(toTaskEvent);
  }

  async #loadTexts(assets: readonly AssetRow[]): Promise<Map<string, string>> {
    const texts = new Map<string, string>();
    for (const asset of assets.filter(({ kind }) => kind === 'text')) {
      const text = await this.#deps.loadText(asset);
      if (text !== null) texts.set(asset.id, text);
    }
    return texts;
  }
}

function groupByTask(assets: readonly AssetRow[]): Map<string | null, AssetRow[]> {
  const groups = new Map<string | null, AssetRow[]>();
  for (const asset of assets) groups.set(asset.task_id, [...(groups.get(asset.task_id) ?? []), asset]);
  return groups;
}
