import type { WorkerId } from '@comfleet/contract';
import type { Database } from '../../../platform/database/database.ts';
import { LATE_PROMPT_LIFE_MS } from '../../execution/late-prompts.ts';
import { loadLatePrompts } from '../../execution/open-attempts.ts';
import type { TaskTables } from '../../tasks/task-tables.ts';
import type { WorkerLinks } from '../worker-links.ts';

/** Late prompts of an earlier process: watched for on their worker, and stopped as soon as they turn up. */
export class LatePromptRecovery {
  readonly #database: Database<TaskTables>;
  readonly #links: WorkerLinks;
  readonly #waiting = new Map<WorkerId, string[]>();

  constructor(database: Database<TaskTables>, links: WorkerLinks) {
    this.#database = database;
    this.#links = links;
  }

  async load(): Promise<void> {
    const sinceMs = this.#database.nowMs() - LATE_PROMPT_LIFE_MS;
    for (const { workerId, promptId } of await loadLatePrompts(this.#database, sinceMs)) {
      this.#waiting.set(workerId, [...(this.#waiting.get(workerId) ?? []), promptId]);
    }
  }

  /** Starts to watch for those of a worker, once it is in the fleet. */
  watch(workerId: WorkerId): void {
    const promptIds = this.#waiting.get(workerId);
    const worker = promptIds && this.#links.open(workerId);
    if (!worker) return;
    this.#waiting.delete(workerId);
    for (const promptId of promptIds) worker.tracker.watchForLatePrompt(promptId);
  }
}
