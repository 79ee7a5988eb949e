import type { Database } from '../../platform/database/database.ts';
import type { TaskRow } from '../../platform/database/schema.ts';

const KEPT = 20;

/** How long runs of a workflow took, from measured runs only: without one there is no estimate. */
export class RunEstimates {
  readonly #database: Database;
  /** Last durations in ms, by what ran. */
  readonly #durations = new Map<string, number[]>();

  constructor(database: Database) {
    this.#database = database;
  }

  /** Takes in the last measured runs after a start. */
  async load(): Promise<void> {
    const rows = await this.#database.read(
      this.#database.k
        .selectFrom('task')
        .selectAll()
        .where('state', '=', 'succeeded')
        .orderBy('ended_at', 'desc')
        .limit(500),
    );
    for (const row of rows.reverse()) this.learn(row);
  }

  learn(task: TaskRow): void {
    if (task.started_at === null || task.ended_at === null) return;
    const key = toWorkflowKey(task);
    const durations = [...(this.#durations.get(key) ?? []), task.ended_at - task.started_at];
    this.#durations.set(key, durations.slice(-KEPT));
  }

  /** Seconds until the task is done, as far as measured: its own median run, and one for each task ahead of it. */
  estimateSeconds(task: TaskRow, ahead: number): number | null {
    if (task.ended_at !== null) return null;
    const durations = this.#durations.get(toWorkflowKey(task));
    if (!durations || durations.length === 0) return null;
    const median = [...durations].sort((a, b) => a - b)[Math.floor(durations.length / 2)] ?? 0;
    return Math.round(median * (1 + ahead)) / 1000;
  }
}

/** What runs of a task are measured under: its workflow's version, or its graph. */
export function toWorkflowKey(task: Pick<TaskRow, 'workflow_version_id' | 'graph_hash'>): string {
  return task.workflow_version_id ?? task.graph_hash;
}
